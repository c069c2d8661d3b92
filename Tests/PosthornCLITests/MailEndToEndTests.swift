import Glibc
import Posthorn
import PosthornStore
import PosthornTestSupport
import Testing

/// The built command with a mail server, killed around the last failure and around the mail.
@Suite(.limited()) struct MailEndToEndTests {
    private let posthorn: PosthornProcess
    private let receiver: MisbehavingReceiver

    init() throws {
        posthorn = try PosthornProcess()
        receiver = try MisbehavingReceiver { _ in .status(500) }
        let topology = """
            {"nodes": [{"id": "d", "level": "dealer", "notification_contact": {"email": "dealer@example.com"}},
                       {"id": "s", "level": "site", "parent": "d"}],
             "endpoints": [{"id": "a", "node": "s", "url": "\(receiver.url)", "vendor": "weseedo", "retry": ["0"]}]}
            """
        #expect(try posthorn.run("apply", posthorn.write(topology, to: "topology.json")).status == 0)
    }

    private func emit(_ count: Int) throws {
        let lines = (0..<count).map { #"{"id": "e\#($0)", "type": "MEETING_STARTED", "node": "s", "data": {}}"# }
        #expect(try posthorn.run("emit", posthorn.write(lines.joined(separator: "\n"), to: "events.ndjson")).status == 0)
    }

    private static func words(_ server: SMTPServer) -> [String] {
        [
            "run", "--until-settled", "--allow", "127.0.0.0/8", "--smtp", "smtp://127.0.0.1:\(server.port)", "--mail-from",
            "posthorn@example.com", "--smtp-allow-plain",
        ]
    }

    @Test func killsAroundTheLastFailureLoseAndRepeatNoNotification() throws {
        let count = 300
        try emit(count)
        for round in 1...10 {
            let engine = try posthorn.start("run", "--allow", "127.0.0.0/8")
            _ = receiver.waitForRequests(min(count, round * 25))
            engine.send(SIGKILL)
            #expect(engine.wait() == 128 + SIGKILL)
        }
        #expect(try posthorn.run("run", "--until-settled", "--allow", "127.0.0.0/8").status == 0)
        #expect(try posthorn.run("status", "--json").output.contains(#""mails":{"waiting":1,"sent":0,"refused":0}"#))
        let server = try SMTPServer()
        #expect(try posthorn.run(Self.words(server), input: []).status == 0)
        // Each of them stands in it exactly once.
        let mail = try #require(server.mails.first)
        #expect(server.mails.count == 1)
        #expect(mail.text.contains("Subject: \(count) webhook deliveries to a are exhausted"))
        #expect(try posthorn.run("status").output.contains("1 sent"))
    }

    @Test func aKillAroundTheMailRepeatsItWithItsMessageID() throws {
        try emit(1)
        let server = try SMTPServer()
        let words = Self.words(server)
        for _ in 0..<3 {
            let engine = try posthorn.start(words.filter { $0 != "--until-settled" })
            server.waitForMails(1)
            engine.send(SIGKILL)
            _ = engine.wait()
        }
        #expect(try posthorn.run(words, input: []).status == 0)
        let ids = server.mails.compactMap { mail in mail.text.split(separator: "\n").first { $0.hasPrefix("Message-ID:") } }
        #expect(ids.count >= 1 && Set(ids).count == 1)
        #expect(Set(server.mails.map(\.text)).count == 1)
        #expect(try posthorn.run("status", "--json").output.contains(#""sent":1"#))
    }

    @Test func aRefusalIsShownByStatusAndDoctor() throws {
        try emit(1)
        let server = try SMTPServer(replies: ["RCPT": "550 5.1.1 unknown user"])
        let run = try posthorn.run(Self.words(server), input: [])
        #expect(run.status == 0)
        #expect(run.errors.contains("mail refused recipient=dealer@example.com endpoint=a deliveries=1 attempt=1"))
        for command in ["status", "doctor"] {
            let text = try posthorn.run(command).output
            #expect(text.contains("550 5.1.1 unknown user") && text.contains("dealer@example.com"), "\(text)")
        }
        let json = try posthorn.run("status", "--json").output
        let refused =
            #""mail_refused":{"recipient":"dealer@example.com","endpoint":"a","answer":"the server replied 550 5.1.1 unknown user"}"#
        #expect(json.contains(refused))
    }

    @Test func mailsThatNobodySendsAreSaidToWaitForAServer() throws {
        try emit(1)
        let engine = try posthorn.start("run", "--allow", "127.0.0.0/8")
        #expect(posthorn.waitForError("delivery exhausted"))
        let words = "posthorn run was started without a mail server; start it with --smtp and --mail-from"
        for command in ["status", "doctor"] {
            let text = try posthorn.run(command).output
            #expect(text.contains(words), "\(text)")
        }
        #expect(try posthorn.run("status", "--json").output.contains(#""mails_served":false"#))
        engine.send(SIGTERM)
        #expect(engine.wait() == 0)
        let ended = try posthorn.run("status").output
        let remedy = "no posthorn run with a mail server sends them; start it with --smtp and --mail-from"
        #expect(ended.contains(remedy), "\(ended)")
        #expect(try posthorn.run("doctor").lines.contains { $0.hasPrefix("ok       mail") && $0.hasSuffix(remedy) })
        #expect(try posthorn.run("status", "--json").output.contains(#""mails_served":null"#))
        let server = try SMTPServer()
        #expect(try posthorn.run(Self.words(server), input: []).status == 0)
        #expect(try !posthorn.run("status").output.contains("mails wait"))
    }

    /// A delivery that is exhausted twice counts twice.
    @Test func exhaustionsThatNobodyWasToldOfAreCountedAsSuch() throws {
        let topology = posthorn.contents(posthorn.directory.file("topology.json"))
        let start = try #require(topology.firstRange(of: #", "notification_contact": {"email": "dealer@example.com"}"#))
        let silent = String(topology[..<start.lowerBound] + topology[start.upperBound...])
        #expect(try posthorn.run("apply", posthorn.write(silent, to: "silent.json")).status == 0)
        try emit(1)
        for _ in 0..<2 {
            #expect(try posthorn.run("run", "--until-settled", "--allow", "127.0.0.0/8").output.contains("1 exhausted"))
            #expect(try posthorn.run("retry", "1").status == 0)
        }
        #expect(try posthorn.run("status").output.contains("no contact  2 times a delivery was exhausted and there was no contact"))
        #expect(try posthorn.run("doctor").output.contains("2 times so far a delivery was exhausted"))
    }

    @Test func aServerWithoutSTARTTLSGetsNothingUnlessToldSo() throws {
        try emit(1)
        let server = try SMTPServer()
        #expect(try posthorn.run(Array(Self.words(server).dropLast()), input: []).status == 0)
        #expect(server.mails.isEmpty)
        #expect(try posthorn.run("doctor").output.contains("STARTTLS"))
        #expect(try posthorn.run(Self.words(server), input: []).status == 0)
        // Tried at once, though its next try was not due yet.
        #expect(server.mails.count == 1)
    }

    @Test func thePasswordComesFromAFileAndShowsNowhere() throws {
        try emit(1)
        let server = try SMTPServer(replies: ["EHLO": "250-test\r\n250 AUTH PLAIN", "AUTH": "535 5.7.8 no"])
        var words = Self.words(server)
        words[5] = "smtp://me@127.0.0.1:\(server.port)"
        #expect(try posthorn.run(words, input: []).errors.contains("POSTHORN_SMTP_PASSWORD"))
        words += ["--smtp-password-file", posthorn.write("geheim-1\n", to: "password")]
        let run = try posthorn.run(words, input: [])
        #expect(run.status == 0)
        #expect(server.commands.contains { $0.hasPrefix("AUTH PLAIN") })
        let shown = try run.output + run.errors + posthorn.run("status").output + posthorn.run("doctor").output
        #expect(shown.contains("the server refuses the login: 535 5.7.8 no"))
        #expect(!shown.contains("geheim-1"))
    }
}
