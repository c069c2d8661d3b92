import Posthorn
import PosthornModel
import PosthornMail
import PosthornTestSupport
import Testing

/// The engine's mails handed to Debian's Exim, where it is installed (exim4-daemon-light).
@Suite(.enabled(if: EximServer.isAvailable, "exim4 is not installed"), .limited())
struct EximTests {
    private func run(_ stage: MailRunnerTests.Stage, _ exim: EximServer) throws {
        let mail = MailConfiguration(
            from: try MailAddress("posthorn@example.com"),
            server: try MailServer("smtp://127.0.0.1:\(exim.port)", encryption: .optional)
        )
        try stage.bench.engine(untilSettled: true, speed: 1e7, mail: mail).run()
    }

    @Test func eximTakesAMailWithWhateverAReceiverSaid() throws {
        let exim = try EximServer()
        let stage = try MailRunnerTests.Stage(reply: { _ in .status(500, body: "a\r\n.\r\nMAIL FROM:<evil@example.com>\r\nü") })
        try stage.emit()
        try run(stage, exim)
        #expect(try stage.mails.counts == [.sent: 1])
        #expect(exim.bodies.count == 1)
        let note = try #require(exim.notes.first)
        #expect(note.contains("<posthorn@example.com>") && note.contains("dealer@example.com") && !note.contains("evil"))
        #expect(note.contains("Subject: Webhook delivery to crm is exhausted: MEETING_STARTED"))
        #expect(exim.bodies[0].contains("    | MAIL FROM:<evil@example.com>"))
    }

    @Test func eximsRefusalIsKept() throws {
        let exim = try EximServer()
        let stage = try MailRunnerTests.Stage(email: "nobody-here@example.com")
        try stage.emit()
        try run(stage, exim)
        #expect(try stage.mails.refused?.answer == "the server replied 550 no such user here")
        #expect(exim.bodies.isEmpty)
    }
}
