import Posthorn
import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornCLI

@Suite(.limited()) struct OutputTests {
    private func table(_ columns: [Table.Column], width: Int?, _ rows: [[String]]) -> [String] {
        var lines: [String] = []
        var table = Table(columns, terminalWidth: width) { lines.append($0) }
        for row in rows { table.add(row) }
        table.finish()
        return lines
    }

    @Test func columnsLineUpAndNumbersStandToTheRight() {
        let lines = table([.init("ID", isNumber: true), .init("NAME")], width: nil, [["7", "a"], ["123", "longer"]])
        #expect(lines == [" ID  NAME\n", "  7  a\n", "123  longer\n"])
    }

    @Test func anEmptyListHasItsTitles() { #expect(table([.init("ID")], width: nil, []) == ["ID\n"]) }

    @Test func wideCharactersCountTwoColumns() {
        let lines = table([.init("N"), .init("X")], width: nil, [["日本", "1"], ["abcd", "2"], ["e\u{301}", "3"]])
        #expect(lines == ["N     X\n", "日本  1\n", "abcd  2\n", "e\u{301}     3\n"])
    }

    @Test func aNarrowTerminalCutsTheWidestColumnThatMayShrink() {
        let lines = table([.init("ID"), .init("URL", canShrink: true)], width: 14, [["abc", "https://long.example/x"]])
        #expect(lines == ["ID   URL\n", "abc  https://…\n"])
    }

    @Test func controlCharactersCannotReachTheTerminal() {
        #expect(TerminalText.text("a\u{1B}[2Jb\nc\u{202E}d\u{9B}é") == "a\\u{1b}[2Jb\\nc\\u{202e}d\\u{9b}é")
    }

    @Test func manyRowsStream() {
        let rows = (0..<(Table.sampleRows + 2)).map { ["\($0)"] }
        #expect(table([.init("N")], width: nil, rows).count == rows.count + 1)
    }

    @Test func jsonKeepsTheOrderOfItsKeys() {
        var line = JSONLine()
        line.add("b", "x\"\n")
        line.add("a", nil as String?)
        line.add("n", 3)
        line.add("f", fraction: 0.4704)
        line.add("whole", fraction: 2)
        line.add("list", ["p"])
        #expect(line.text == #"{"b":"x\"\n","a":null,"n":3,"f":0.47,"whole":2,"list":["p"]}"#)
    }

    /// What a receiver answered must not command the terminal that shows it.
    @Test func jsonHoldsNoControlCharacters() throws {
        let text = "a\u{9b}31m\u{7f}é\u{1b}"
        var line = JSONLine()
        line.add("x", text)
        #expect(line.text == #"{"x":"a\u009b31m\u007fé\u001b"}"#)
        #expect(line.bytes == Array((line.text + "\n").utf8))
        #expect(try JSONValue.parse(Array(line.text.utf8))["x"] == .string(text))
    }

    @Test func numbersAndLengthsReadWell() {
        #expect(HumanText.count(1, "event") == "1 event" && HumanText.count(1_234_567, "event") == "1,234,567 events")
        #expect(HumanText.length(milliseconds: 850) == "850 ms" && HumanText.length(milliseconds: 3_200) == "3.2 s")
        #expect(HumanText.length(milliseconds: 250_000) == "4m 10s" && HumanText.length(milliseconds: 7_500_000) == "2h 5m")
        #expect(HumanText.length(milliseconds: 3 * 86_400_000 + 4 * 3_600_000) == "3d 4h")
    }

    @Test func anAttemptHasItsKeysAndNullForWhatIsAbsent() {
        let outcome = AttemptOutcome(
            started: Timestamp(milliseconds: 0),
            durationMicroseconds: 1500,
            status: 500,
            error: .status,
            errorText: "",
            response: [0x6F, 0xFF],
            address: "192.0.2.1:443"
        )
        let line = JSONLine(Attempt(delivery: 7, number: 2, outcome: outcome)).text
        #expect(
            line == #"{"delivery":7,"number":2,"started_at":"1970-01-01T00:00:00.000Z","duration_ms":1.5,"status":500,"#
                + "\"error\":\"http_status\",\"error_text\":null,\"response\":\"o\u{FFFD}\",\"address\":\"192.0.2.1:443\"}"
        )
    }

    /// What a receiver answers or is named is one value, whatever it holds.
    @Test(
        arguments: [
            ("plain", "plain"), ("", #""""#), ("two words", #""two words""#), ("x=1", #""x=1""#), (#"a\b"#, #"a\b"#),
            (#"a" state="ok"#, #""a\" state=\"ok""#), (#"end \"#, #""end \\""#), ("\"\u{301}", "\"\\\"\u{301}\""),
        ]
    )
    func aValueInTheLogForgesNoField(value: String, written: String) {
        let line = LogRecord(.warn, "x", "x", [.init("error_text", value)]).text(at: Timestamp(milliseconds: 0))
        #expect(line.utf8.elementsEqual("1970-01-01T00:00:00.000Z warn  x error_text=\(written)".utf8), "\(line)")
    }

    @Test func aLogLineIsTextOrOneJSONObject() {
        let record = LogRecord(EngineEvent.standingBy(owner: 42))
        let now = Timestamp(milliseconds: 0)
        #expect(record.text(at: now) == "1970-01-01T00:00:00.000Z info  standing by: process 42 delivers from this outbox owner=42")
        #expect(
            record.json(at: now) == #"{"time":"1970-01-01T00:00:00.000Z","level":"info","event":"standing_by","#
                + #""message":"standing by: process 42 delivers from this outbox","owner":42}"#
        )
    }
}
