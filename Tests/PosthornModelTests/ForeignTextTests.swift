import PosthornModel
import PosthornText
import Testing

/// Files that look right in an editor are named as what they are.
@Suite struct ForeignTextTests {
    private let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private func problem(ofLine bytes: [UInt8]) -> String? {
        do throws(InputProblem) {
            _ = try EventLine(bytes)
            return nil
        } catch {
            return "\(error)"
        }
    }

    private let good = #"{"type":"A","node":"n","data":{}}"#

    @Test(arguments: [
        ("[", "is the start of a JSON array"), (#"[{"type":"A"}]"#, "is the start of a JSON array"),
        ("{", "is the start of an object over several lines"), (#"{ "type": "A","#, "is the start of an object over several lines"),
        (#"{"data": {"#, "is the start of an object over several lines"), (#"{"type": "A"#, "not valid JSON at byte 12"),
        ("}", "not valid JSON at byte 1"), (#"{"type":"A",}"#, "not valid JSON at byte 13"),
    ])
    func aPartOfAnotherFormIsNamed(_ line: String, _ words: String) {
        #expect(problem(ofLine: Array(line.utf8))?.hasPrefix(words) == true, "\(problem(ofLine: Array(line.utf8)) ?? "taken")")
    }

    @Test func aByteOrderMarkIsNamed() {
        #expect(problem(ofLine: Array(good.utf8)) == nil)
        #expect(problem(ofLine: mark + Array(good.utf8)) == "begins with a byte order mark (BOM); save it as UTF-8 without one")
        #expect(problem(ofLine: [0xFF, 0xFE] + good.utf8.flatMap { [$0, 0] }) == "is UTF-16; save it as UTF-8")
        let topology = #expect(throws: InputProblem.self) { try Topology(json: mark + Array("{}".utf8)) }
        #expect(topology.map { "\($0)" } == "begins with a byte order mark (BOM); save it as UTF-8 without one")
    }

    @Test(
        arguments: [
            (#"{"key": "5a"}"#, "is JSON"), (#" "5a5a" "#, "is JSON"), ("[1]", "is JSON"), ("5a5a5a", nil), ("{not json", nil), ("", nil),
        ] as [(String, String?)]
    )
    func aFileForASecretIsNoJSON(_ text: String, _ kind: String?) { #expect(ForeignText.kind(of: Array(text.utf8)) == kind) }

    @Test func aFileForASecretHasNoByteOrderMark() {
        #expect(ForeignText.kind(of: mark + Array("5a".utf8))?.contains("byte order mark") == true)
        #expect(ForeignText.kind(of: [0xFE, 0xFF, 0, 0x35])?.contains("UTF-16") == true)
        #expect(ForeignText.byteOrderMark(of: [0xEF, 0xBB]) == nil && ForeignText.byteOrderMark(of: []) == nil)
    }
}
