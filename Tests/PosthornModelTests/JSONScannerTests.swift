import PosthornModel
import PosthornText
import Testing

@Suite struct JSONScannerTests {
    private func problem(_ text: String) -> String? {
        do throws(JSONProblem) {
            try JSONScanner.validate(Array(text.utf8))
            return nil
        } catch {
            return error.reason
        }
    }

    @Test(arguments: [
        "{}", "[]", "null", "true", "false", "0", "-0", "1.10", "1e9", "-1.5E+10", "12345678901234567890",
        #""\u00e9\ud83d\ude00\/\b\f\n\r\t\\\"""#, #"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#, " [ 1 , 2 ] \n", "\"é😀\u{2028}\"",
        #"{"":1}"#,
    ])
    func acceptsWhatRFC8259Allows(_ text: String) { #expect(problem(text) == nil) }

    @Test(arguments: [
        "", " ", "{", "[1,]", "{\"a\":1,}", "01", "1.", ".5", "+1", "1e", "nul", "tru", "'a'", "{a:1}", "\"a", "\"\\x\"",
        "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\u{01}\"", "1 2", "{\"a\" 1}", "NaN", "\u{FEFF}{}",
        #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, #"[{"x":{"k":1,"j":2,"k":3}}]"#,
    ])
    func refusesEverythingElse(_ text: String) { #expect(problem(text) != nil) }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22],
            [0x22, 0xF5, 0x80, 0x80, 0x80, 0x22], [0x7B, 0x00, 0x7D],
        ] as [[UInt8]]
    )
    func refusesWhatIsNotUTF8(_ bytes: [UInt8]) {
        #expect(throws: JSONProblem.self) { try JSONScanner.validate(bytes) }
    }

    /// Plain characters are passed over eight at a time; any other is seen wherever it is in a text of any length.
    @Test func aByteOfAStringCountsWhereverItIs() {
        var wrong: [[UInt8]] = []
        for length in 1...20 {
            for place in 0..<length {
                for byte in UInt8.min...UInt8.max {
                    var text = [UInt8](repeating: UInt8(ascii: "!"), count: length)
                    text[place] = byte
                    let isPlain = (0x20..<0x80).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
                    let isValid = (try? JSONScanner.validate([UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")])) != nil
                    if isValid != isPlain { wrong.append(text) }
                }
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test func depthIsBounded() {
        func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(problem(nested(JSONScanner.depthLimit)) == nil)
        #expect(problem(nested(10_000))?.contains("deeper") == true)
    }

    @Test func aValuesPlaceLeavesOutTheWhiteSpaceAroundIt() throws {
        let text = Array(#"{"data" :  {"n": 1.10, "s":"\u00e9"} , "z":0}"#.utf8)
        var places: [String] = []
        try JSONScanner.read(text) { (scanner) throws(JSONProblem) in
            try scanner.members { (_, value) throws(JSONProblem) in
                places.append(String(decoding: value.bytes[try value.skipValue()], as: UTF8.self))
            }
        }
        #expect(places == [#"{"n": 1.10, "s":"\u00e9"}"#, "0"])
    }

    @Test func aKeyWithEscapesIsTheSameKey() throws {
        let line = Array(#"{"\u0074ype":"A_B","node":"n","data":{}}"#.utf8)
        #expect(try EventLine(line).type == "A_B")
    }

    /// With few keys and with many, with escapes and without, and behind an inner object that has keys of its own.
    @Test(arguments: [2, 31, 32, 33, 34, 200, 9999])
    func aSecondKeyOfTheSameTextIsFound(count: Int) {
        let members = (0..<count).map { #""k\#($0)":\#($0)"# }
        let inner = #""inner":{"k0":0,"many":{\#(members.joined(separator: ","))}}"#
        let all = (members.prefix(count - 1) + [inner]).joined(separator: ",")
        #expect(problem("{\(all)}") == nil)
        for last in [#""k0":1"#, #""\u006b0":1"#, #""k\#(count - 2)":1"#] where count < 9999 {
            #expect(problem("{\(all),\(last)}")?.contains("occurs twice") == true)
        }
    }

    /// The first key has the FNV-1a hash 0, at which every U+0000 leaves it. With a hash that is known and one comparison for
    /// each two keys, four megabytes of a tenant's data took a core for 20 seconds, and this test many minutes.
    @Test func keysThatCollideInAKnownHashCostNoMoreThanOthers() {
        let keys = (0..<1100).map { #""!0IC=VloaY\#(String(repeating: #"\u0000"#, count: $0))":0"# }
        #expect(problem("{\(keys.joined(separator: ","))}") == nil)
    }

    @Test func anObjectHasABoundedNumberOfKeys() {
        let members = (0...10_000).map { #""\#($0)":0"# }
        #expect(problem("{\(members.dropLast().joined(separator: ","))}") == nil)
        #expect(problem("{\(members.joined(separator: ","))}")?.contains("more than 10000 keys") == true)
    }
}
