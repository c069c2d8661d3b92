import Testing

@testable import PosthornAPI

@Suite struct LineCutterTests {
    private static func lines(_ pieces: [String], limit: Int = 100) -> (lines: [String], isWhole: Bool) {
        var cutter = LineCutter(limitBytes: limit)
        var lines: [String] = []
        var isWhole = true
        for piece in pieces where isWhole {
            isWhole = Array(piece.utf8).withUnsafeBufferPointer { cutter.cut($0) { lines.append(String(decoding: $0, as: UTF8.self)) } }
        }
        if isWhole { cutter.end { lines.append(String(decoding: $0, as: UTF8.self)) } }
        return (lines, isWhole)
    }

    @Test(arguments: [
        (["a\nb\n"], ["a", "b"]), (["a", "b\n", "c"], ["ab", "c"]), (["\n\n"], ["", ""]), ([""], []),
        (["a\n", "", "\nb"], ["a", "", "b"]),
    ])
    func linesAreTheSameHoweverTheyCome(_ pieces: [String], _ expected: [String]) {
        #expect(Self.lines(pieces).lines == expected)
        let bytewise = pieces.joined().map { String($0) }
        #expect(Self.lines(bytewise).lines == expected)
    }

    @Test func aLineThatIsTooLongEndsIt() {
        let (lines, isWhole) = Self.lines(["ok\n", "12345", "67"], limit: 6)
        #expect(lines == ["ok"] && !isWhole)
        #expect(Self.lines(["123456\n"], limit: 6).isWhole)
    }
}
