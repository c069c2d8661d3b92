import Posthorn
import PosthornModel
import PosthornText
import PosthornStore
import Testing

@testable import PosthornCLI

@Suite struct MailArgumentTests {
    private func problem(_ words: String..., password: String? = nil) -> String? {
        do {
            let arguments = try ParsedArguments(words, for: RunCommand.specification)
            _ = try MailArguments.configuration(arguments) { $0 == "POSTHORN_SMTP_PASSWORD" ? password : nil }
            return nil
        } catch { return "\(error)" }
    }

    @Test func missingMailFlagsAreNamed() {
        #expect(problem("--smtp", "smtp://host")?.contains("--mail-from") == true)
        #expect(problem("--mail-from", "a@b.example")?.contains("needs --smtp") == true)
        #expect(problem("--smtp-allow-plain")?.contains("needs --smtp") == true)
        #expect(problem("--smtp", "smtp://me@host", "--mail-from", "a@b.example")?.contains("POSTHORN_SMTP_PASSWORD") == true)
        #expect(problem("--smtp", "smtp://me:pw@host", "--mail-from", "a@b.example", password: "x")?.contains("holds a password") == true)
        #expect(problem("--smtp", "smtp://host", "--mail-from", "a@b\r\nBcc: x@y")?.contains("--mail-from") == true)
        #expect(problem("--smtp", "http://host", "--mail-from", "a@b.example")?.contains("--smtp:") == true)
    }

    @Test func aGoodServerIsTaken() {
        #expect(problem("--smtp", "smtps://me%40b.example@host:465", "--mail-from", "a@b.example", password: "x") == nil)
        // The variable may be set for other runs.
        #expect(problem("--smtp", "smtp://host", "--mail-from", "a@b.example", "--smtp-allow-plain", password: "x") == nil)
        #expect(problem() == nil)
    }

    @Test func doctorSaysWhatToDo() {
        let now = Timestamp(milliseconds: 1_594_816_394_000)
        #expect(MailChecks.all(MailStatus(), at: now).isEmpty)
        var status = MailStatus()
        status.counts = [.waiting: 2]
        status.next = now
        status.oldestUntried = now
        #expect(MailChecks.all(status, at: now).map(\.severity) == [.ok])
        let later = now.advanced(byMilliseconds: 700_000)
        #expect(MailChecks.all(status, at: later).map(\.severity) == [.warn])
        #expect(MailChecks.all(status, at: later)[0].message.contains("--smtp"))
        // Whoever runs without a server is told at once.
        status.isServed = false
        let unserved = MailChecks.all(status, at: now)[0]
        #expect(
            unserved.severity == .warn && unserved.message.contains("posthorn run was started without a mail server; start it with --smtp")
        )
        status.isServed = true
        #expect(MailChecks.all(status, at: now).map(\.severity) == [.ok] && MailChecks.unserved(status) == nil)
        #expect(MailChecks.all(status, at: later)[0].message.hasSuffix("has not tried it; see its log"))
        status.answer = "the server replied 451 \u{1B}[2J"
        #expect(MailChecks.all(status, at: now)[0].message.contains("451 \\u{1b}[2J"))
        status.withoutContact = 3
        #expect(MailChecks.all(status, at: now).count == 2)
    }
}
