import Glibc
import PosthornModel
import Testing

/// The page about the architecture says neither less nor more than the code about what a delivery may become.
@Suite struct StatesPageTests {
    private static let page: String = {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        guard let stream = fopen(root + "/Sources/Posthorn/Posthorn.docc/Architecture.md", "rb") else { return "" }
        defer { fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        return String(decoding: bytes[..<fread(&bytes, 1, bytes.count, stream)], as: UTF8.self)
    }()

    @Test func theTableOfMovesIsTheCodes() {
        let rows = Self.page.matches(of: #/(?m)^\| `(\w+)` \| `(\w+)` \|/#).compactMap { row in
            DeliveryState(rawValue: String(row.1)).map { "\($0) to \(row.2)" }
        }
        let moves = DeliveryState.allCases.flatMap { from in from.legalMoves.map { "\(from) to \($0)" } }
        #expect(rows.sorted() == moves.sorted())
    }
}
