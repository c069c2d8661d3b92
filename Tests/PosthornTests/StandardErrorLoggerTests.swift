import PosthornModel
import PosthornText
import Testing

@testable import Posthorn

/// The lines of the log that needs no library.
@Suite struct StandardErrorLoggerTests {
    private func line(_ event: EngineEvent) -> String {
        String(decoding: StandardErrorLogger.line(event, at: Timestamp(milliseconds: 1_594_816_394_000)), as: UTF8.self)
    }

    @Test func aLineIsAnObjectWithTimeLevelNameAndMetadata() {
        let object = #"{"time":"2020-07-15T12:33:14.000Z","level":"error","event":"endpoint_broken","endpoint":"crm","reason":"no key"}"#
        #expect(line(.endpointBroken(endpoint: "crm", reason: "no key")) == object + "\n")
    }

    @Test func anAnswersTextBeginsNoLineAndCommandsNoTerminal() {
        let text = line(.endpointNotVerified(endpoint: "crm", reason: "answered\n{\"level\":\"error\"}\u{1B}[31m\u{9B}1m", nextTryAt: nil))
        #expect(text.split(separator: "\n").count == 1 && text.hasSuffix("\n"))
        let isControl: (Unicode.Scalar) -> Bool = { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
        #expect(!text.unicodeScalars.dropLast().contains(where: isControl))
    }

    @Test func severitiesAreOrdered() { #expect(EngineEvent.Severity.allCases.sorted() == [.info, .warning, .error]) }
}
