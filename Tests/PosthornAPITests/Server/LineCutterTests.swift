import Testing

@testable import PosthornAPI

@Suite struct LineCutterTests {
    private static func lines(_ pieces: [String], limit: Int = 100) -> [String] {
        var cutter = LineCutter(limitBytes: limit)
        var lines: [String] = []
        func take(_ line: [UInt8]?) { lines.append(line.map { String(decoding: $0, as: UTF8.self) } ?? "too long") }
        for piece in pieces { Array(piece.utf8).withUnsafeBufferPointer { cutter.cut($0, take) } }
        cutter.end(take)
        return lines
    }

    @Test(arguments: [
        (["a\nb\n"], ["a", "b"]), (["a", "b\n", "c"], ["ab", "c"]), (["\n\n"], ["", ""]), ([""], []),
        (["a\n", "", "\nb"], ["a", "", "b"]),
    ])
    func linesAreTheSameHoweverTheyCome(_ pieces: [String], _ expected: [String]) {
        #expect(Self.lines(pieces) == expected)
        let bytewise = pieces.joined().map { String($0) }
        #expect(Self.lines(bytewise) == expected)
    }

    @Test(arguments: [
        (["ok\n", "12345", "67"], ["ok", "too long"]), (["ok\n1234567\nb\n"], ["ok", "too long", "b"]),
        (["1234567", "89", "01\n", "b"], ["too long", "b"]), (["123456\n"], ["123456"]), (["1234567\n\n"], ["too long", ""]),
        (["1234567\n", "1234567\n"], ["too long", "too long"]),
    ])
    func aLineThatIsTooLongIsOneLineAndThoseBehindItCount(_ pieces: [String], _ expected: [String]) {
        #expect(Self.lines(pieces, limit: 6) == expected)
        #expect(Self.lines(pieces.joined().map { String($0) }, limit: 6) == expected)
    }
}
