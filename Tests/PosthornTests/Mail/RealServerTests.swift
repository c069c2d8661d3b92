import Posthorn
import PosthornModel
import PosthornText
import PosthornStore
import PosthornMail
import PosthornTestSupport
import Testing

/// Mails handed to aiosmtpd, read by Python's mail parser. Without python3 or the package index these are skipped; on a
/// build server they fail.
@Suite(
    .enabled(
        if: PythonSMTPServer.isDemanded || PythonSMTPServer.python != nil,
        "aiosmtpd could not be installed: no python3 or no network"
    ),
    .limited()
)
struct RealServerTests {
    private let folder: TemporaryDirectory
    private let certificate: String

    init() throws {
        folder = try TemporaryDirectory()
        certificate = folder.file("server.pem")
        try OpenSSLServer.makeCertificate(certificate, name: "localhost", alternative: "IP:127.0.0.1", days: 2)
    }

    private func options(tls: Bool = false, login: (String, String)? = nil, refused: [String] = []) -> PythonSMTPServer.Options {
        var options = PythonSMTPServer.Options()
        options.certificate = certificate
        options.isImplicitTLS = tls
        options.login = login.map { (user: $0.0, password: $0.1) }
        options.refused = refused
        return options
    }

    private func message(_ mail: NotificationWords = .init(), to: String = "dealer@example.com") throws -> MailMessage {
        MailMessage(
            from: try MailAddress("posthorn@example.com"),
            to: try MailAddress(to),
            subject: mail.subject,
            body: mail.text,
            html: mail.html,
            date: Timestamp(milliseconds: 1_594_816_394_000),
            identifier: "posthorn-1"
        )
    }

    private struct NotificationWords {
        var subject = "Zustellung an „Köln“ 📯 ist erschöpft: " + String(repeating: "lang ", count: 40)
        var text = "Grüße\n.\n..zwei Punkte\nFrom here\n" + String(repeating: "é", count: 3000) + "\n"
        var html = "<p>Grüße &amp; " + String(repeating: "x", count: 3000) + "</p>\n"
    }

    @Test(arguments: [false, true])
    func aMailReadsBackAsItWasWritten(_ tls: Bool) throws {
        let server = try PythonSMTPServer(options(tls: tls, login: ("me@example.com", "päss word")))
        let url = "\(tls ? "smtps" : "smtp")://me%40example.com@127.0.0.1:\(server.port)"
        let sender = MailSender(try MailServer(url, password: "päss word", caFile: certificate))
        let words = NotificationWords()
        #expect(try sender.send(try message(words)) == .sent)
        let mail = try #require(try server.nextMail())
        #expect(mail["tls"] == .bool(true) && mail["user"] == .string("me@example.com"))
        #expect(mail["from"] == .string("posthorn@example.com") && mail["to"] == .array([.string("dealer@example.com")]))
        #expect(mail["defects"] == .array([]))
        #expect(mail["types"] == .array(["multipart/alternative", "text/plain", "text/html"].map { .string($0) }))
        #expect(mail["text"] == .string(words.text) && mail["html"] == .string(words.html))
        guard case .object(let headers)? = mail["headers"], case .number(let longest)? = mail["longest"] else {
            Issue.record("no headers")
            return
        }
        let byName = Dictionary(headers.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
        #expect(byName["Subject"] == .string(words.subject))
        #expect(byName["Message-ID"] == .string("<posthorn-1@example.com>"))
        #expect(byName["Date"] == .string("Wed, 15 Jul 2020 12:33:14 +0000"))
        #expect((Int(longest) ?? .max) <= 998)
    }

    @Test func aWrongPasswordIsNoFaultOfTheMail() throws {
        let server = try PythonSMTPServer(options(login: ("me", "right")))
        let sender = MailSender(try MailServer("smtp://me@127.0.0.1:\(server.port)", password: "wrong-one", caFile: certificate))
        guard case .unusable(let words) = try sender.send(try message()) else {
            Issue.record("not unusable")
            return
        }
        #expect(words.contains("535") && !words.contains("wrong-one"))
    }

    @Test func aRefusedRecipientIsRefusedInTheServersWords() throws {
        let server = try PythonSMTPServer(options(refused: ["gone@example.com"]))
        let sender = MailSender(try MailServer("smtp://127.0.0.1:\(server.port)", caFile: certificate))
        let result = try sender.send(try message(to: "gone@example.com"))
        #expect(result == .permanent("the server replied 550 5.1.1 gone@example.com is not known here"))
    }

    @Test func aCertificateThatNobodyVouchesForGetsNoPassword() throws {
        let server = try PythonSMTPServer(options(login: ("me", "right")))
        for encryption in [MailServer.Encryption.required, .optional] {
            let sender = MailSender(try MailServer("smtp://me@127.0.0.1:\(server.port)", password: "right", encryption: encryption))
            guard case .temporary = try sender.send(try message()) else {
                Issue.record("not temporary")
                return
            }
        }
    }

    @Test func withoutTLSTheServerIsOnlyUsedWhenThatIsAllowed() throws {
        let server = try PythonSMTPServer()
        guard case .unusable = try MailSender(try MailServer("smtp://127.0.0.1:\(server.port)")).send(try message()) else {
            Issue.record("not unusable")
            return
        }
        let allowed = MailSender(try MailServer("smtp://127.0.0.1:\(server.port)", encryption: .optional))
        #expect(try allowed.send(try message()) == .sent)
        #expect(try server.nextMail()?["tls"] == .bool(false))
    }

    @Test func theEnginesMailIsWellFormedToo() throws {
        let server = try PythonSMTPServer(options())
        let evil = "a\r\nBcc: evil@example.com\r\n\r\n.\r\n--=_posthorn <script> 📯"
        let stage = try MailRunnerTests.Stage(reply: { _ in .status(500, body: evil) })
        try stage.emit(3)
        let mail = MailConfiguration(
            from: try MailAddress("posthorn@example.com"),
            server: try MailServer("smtp://127.0.0.1:\(server.port)", caFile: certificate)
        )
        try stage.bench.engine(untilSettled: true, speed: 1e7, mail: mail).run()
        let got = try #require(try server.nextMail())
        #expect(got["defects"] == .array([]) && got["to"] == .array([.string("dealer@example.com")]))
        guard case .array(let names)? = got["names"], case .string(let text)? = got["text"] else {
            Issue.record("no names")
            return
        }
        #expect(!names.contains(.string("Bcc")))
        #expect(text.contains("    | Bcc: evil@example.com\n") && text.contains("    | .\n") && text.contains("📯"))
    }
}
