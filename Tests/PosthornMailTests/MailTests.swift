import PosthornModel
import PosthornText
@testable import PosthornMail
import PosthornTestSupport
import Testing

@Suite(.limited()) struct MailTests {
    private func message(subject: String = "Delivery exhausted", body: String = "Hello\nWorld\n.\n..dots\n") throws -> MailMessage {
        MailMessage(
            from: try MailAddress("posthorn@example.com"),
            to: try MailAddress("notify_dealer@example.com"),
            subject: subject,
            body: body,
            date: Timestamp(milliseconds: 1_594_816_394_000),
            identifier: "delivery-7"
        )
    }

    private func send(
        _ replies: [String: String] = [:],
        encryption: MailServer.Encryption = .optional,
        timeout: Int = 20_000,
        _ message: MailMessage? = nil
    ) throws -> (result: MailResult, server: SMTPServer) {
        let server = try SMTPServer(replies: replies)
        let address = try MailServer("smtp://127.0.0.1:\(server.port)", encryption: encryption)
        let result = try MailSender(address, timeoutMilliseconds: timeout).send(message ?? self.message())
        return (result, server)
    }

    @Test func aMailArrivesWhole() throws {
        let (result, server) = try send()
        #expect(result == .sent)
        let mail = try #require(server.mails.first)
        #expect(mail.from == "<posthorn@example.com>")
        #expect(mail.recipients == ["<notify_dealer@example.com>"])
        #expect(
            mail.text == """
                Date: Wed, 15 Jul 2020 12:33:14 +0000
                From: <posthorn@example.com>
                To: <notify_dealer@example.com>
                Subject: Delivery exhausted
                Message-ID: <delivery-7@example.com>
                Auto-Submitted: auto-generated
                MIME-Version: 1.0
                Content-Type: text/plain; charset=utf-8
                Content-Transfer-Encoding: 7bit

                Hello
                World
                .
                ..dots
                """
        )
    }

    @Test(arguments: [("MAIL", "451 later"), ("RCPT", "450 busy"), ("DATA", "421 closing"), (".", "452 full"), ("connect", "421 no")])
    func repliesOf400AreTemporary(_ verb: String, _ reply: String) throws {
        guard case .temporary = try send([verb: reply]).result else {
            Issue.record("not temporary")
            return
        }
    }

    @Test(arguments: [("MAIL", "550 no"), ("RCPT", "550 unknown"), ("DATA", "554 no"), (".", "554 spam"), ("connect", "554 go away")])
    func repliesOf500ArePermanent(_ verb: String, _ reply: String) throws {
        let result = try send([verb: reply]).result
        guard case .permanent = result else {
            Issue.record("\(result)")
            return
        }
    }

    @Test func withoutSTARTTLSNothingIsSaidInClearText() throws {
        let (result, server) = try send(encryption: .required)
        guard case .unusable(let text) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(text.contains("STARTTLS"))
        #expect(server.mails.isEmpty)
        #expect(!server.commands.contains { $0.hasPrefix("MAIL") || $0.hasPrefix("AUTH") })
    }

    /// With the goodbye waited for it would take longer than the suite may.
    @Test func aMailThatWasTakenIsSentWhateverTheServerSaysToTheGoodbye() throws {
        let (result, server) = try send(["QUIT": SMTPServer.silence])
        #expect(result == .sent)
        #expect(server.mails.count == 1)
        #expect(server.waitForCommand("QUIT"))
    }

    @Test func aMailIsGivenUpWhenItIsCutOff() throws {
        let server = try SMTPServer(replies: [".": SMTPServer.silence])
        let address = try MailServer("smtp://127.0.0.1:\(server.port)", encryption: .optional)
        let result = try MailSender(address, timeoutMilliseconds: 600_000).send(message()) { !server.mails.isEmpty }
        #expect({ if case .temporary = result { true } else { false } }(), "\(result)")
    }

    @Test func noServerAndNoAnswerAreTemporary() throws {
        let (closed, _) = try send(["EHLO": "", "HELO": ""])
        guard case .temporary = closed else {
            Issue.record("\(closed)")
            return
        }
        let silent = try MisbehavingReceiver { _ in .silence }
        let sender = MailSender(try MailServer("smtp://127.0.0.1:\(silent.port)", encryption: .optional), timeoutMilliseconds: 150)
        guard case .temporary = try sender.send(try message()) else {
            Issue.record("not temporary")
            return
        }
    }

    @Test func aSubjectStaysInItsLine() throws {
        #expect(throws: InputProblem.self) { try message(subject: "a\r\nBcc: x@y").rendered() }
        #expect(throws: InputProblem.self) { try message(subject: "a\0").rendered() }
        #expect(MailText.header("Zustellung für Köln") == "=?utf-8?Q?Zustellung=20f=C3=BCr=20K=C3=B6ln?=")
        #expect(MailText.header("plain") == "plain")
    }

    @Test func otherTextThanPlainASCIIIsQuotedPrintable() {
        let text = MailText("größer = besser \nund " + String(repeating: "x", count: 100) + "\n")
        #expect(text.encoding == "quoted-printable")
        let wanted =
            "gr=C3=B6=C3=9Fer =3D besser=20\r\nund " + String(repeating: "x", count: 71) + "=\r\n" + String(repeating: "x", count: 29)
            + "\r\n"
        #expect(String(decoding: text.bytes, as: UTF8.self) == wanted)
    }

    @Test(arguments: ["", "host", "http://host", "smtp://user:pw@host", "smtp://host:0", "smtp://ho st", "smtp://host\r\nx", "smtp://"])
    func badServersAreRefused(_ text: String) { #expect(throws: InputProblem.self) { try MailServer(text) } }

    @Test func aPasswordNeedsAUser() throws {
        #expect(throws: InputProblem.self) { try MailServer("smtp://host", password: "x") }
        let server = try MailServer("smtps://me%40example.com@host:465", password: "x")
        #expect(server.user == "me@example.com")
        #expect(server.url == "smtps://host:465/")
    }
}
