import PosthornModel
import PosthornText
import Testing

@testable import PosthornFormats

/// Whatever JSON a producer writes, every envelope hands the receiver exactly those bytes.
@Suite struct EnvelopePropertyTests {
    /// JSON texts of all shapes, from a seed, so that a failure can be repeated.
    private struct Generator {
        private var random: SeededGenerator

        init(state: UInt64) { random = SeededGenerator(seed: state) }

        mutating func next(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

        mutating func blank() -> String { ["", "", "", "", " ", "\n", "\t", "\r\n  "][next(8)] }

        mutating func string() -> String {
            let pieces = [
                "a", "Z9", " ", "\\\"", "\\\\", "\\/", "\\b\\f\\n\\r\\t", "\\u0000", "\\u001F", "\\u00e9", "é", "\\ud83d\\ude00", "😀",
                "\u{2028}", "\u{2029}", "\\u2028", "{", "}", "[", "]", ":", ",", "'", "&=+%", "<<x>>", "\u{7F}", "密",
            ]
            return "\"" + (0..<next(8)).map { _ in pieces[next(pieces.count)] }.joined() + "\""
        }

        mutating func value(_ depth: Int) -> String {
            switch next(depth > 0 ? 9 : 6) {
            case 0: return ["true", "false", "null"][next(3)]
            case 1: return ["0", "-0", "1.10", "12345678901234567890", "1E+400", "-1.5e-7", "0.000000000000000000001"][next(7)]
            case 2, 3, 4, 5: return string()
            case 6: return "[" + blank() + (0..<next(4)).map { _ in value(depth - 1) }.joined(separator: blank() + ",") + blank() + "]"
            default: return object(depth - 1)
            }
        }

        mutating func object(_ depth: Int) -> String {
            // A counter in each key keeps them distinct, whatever the rest of the key is.
            let members = (0..<next(6)).map { i -> String in
                let key = "\"k\(i)" + string().dropFirst()
                return blank() + key + blank() + ":" + blank() + value(depth)
            }
            return "{" + members.joined(separator: blank() + ",") + blank() + "}"
        }
    }

    @Test(arguments: [UInt64(1), 20_241_122, 0xDEAD_BEEF]) func everyEnvelopeReturnsTheProducersBytes(seed: UInt64) throws {
        var generator = Generator(state: seed)
        for round in 0..<400 {
            let data = generator.blank() + generator.object(round % 7) + generator.blank()
            try Event.checkData(Array(data.utf8))
            for envelope in Envelope.allCases { try checkRoundTrip(envelope, data, "seed \(seed), round \(round)") }
        }
    }

    @Test func bigAndDeepDataIsCarriedToo() throws {
        let big =
            "{\"b\":[" + Array(repeating: "\"\\\"\\u0000😀\u{2028}\",12345678901234567890", count: 20_000).joined(separator: ",") + "]}"
        let deep = "{\"d\":" + String(repeating: "[", count: 498) + String(repeating: "]", count: 498) + "}"
        for envelope in Envelope.allCases {
            try checkRoundTrip(envelope, big, "big")
            try checkRoundTrip(envelope, deep, "deep")
        }
    }

    private func checkRoundTrip(_ envelope: Envelope, _ data: String, _ comment: String) throws {
        let request = try compose(settings(envelope: envelope, .none), attempt: 5, type: "a.b", data: data)
        try JSONScanner.validate(request.body)
        let received = try EnvelopeReader.read(envelope, method: .post, query: [], headers: [], body: request.body)
        switch envelope {
        case .diio, .webio:
            let name = envelope == .diio ? "action" : "type"
            #expect(received.type == "a.b")
            let start = try #require(data.firstIndex(of: "{"))
            let isEmpty = try JSONValue.parse(Array(data.utf8)) == .object([])
            let expected = data[...start] + "\"\(name)\":\"a.b\"" + (isEmpty ? "" : ",") + data[data.index(after: start)...]
            #expect(request.bodyText == expected, "\(envelope), \(comment)")
        default:
            // `created` and the wrapping object lie outside; blanks around the whole data belong to no value in it.
            let isWhole = envelope == .raw || envelope == .conference
            let expected = isWhole ? data : String(data.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
            #expect(String(decoding: received.data, as: UTF8.self) == expected, "\(envelope), \(comment)")
        }
    }

    /// Truncated and damaged texts never make the scanner that trusts its input read outside it.
    @Test func damagedDataIsNeverReadBeyondItsEnd() throws {
        var generator = Generator(state: 7)
        for _ in 0..<200 {
            let whole = Array(generator.object(3).utf8)
            for end in 0...whole.count {
                Array(whole[..<end]).withUnsafeBufferPointer { bytes in
                    guard var members = ObjectMembers(bytes) else { return }
                    while let member = members.next() {
                        _ = members.string(at: member.key)
                        _ = members.string(at: member.value)
                        _ = members.isKey(of: member, "action")
                    }
                }
            }
        }
    }
}
