import Posthorn
import PosthornModel
import PosthornStore
import PosthornMail
import PosthornSystem
import PosthornTestSupport
import Testing

/// Mails of a running engine, handed to an SMTP server on the loopback.
@Suite(.limited(), .onEachStore) struct MailRunnerTests {
    /// An outbox with one endpoint whose receiver always fails, and an engine that mails.
    struct Stage {
        let bench: EngineBench
        let server: SMTPServer
        let receiver: MisbehavingReceiver

        init(
            _ replies: [String: String] = [:],
            email: String? = "dealer@example.com",
            clock: any PosthornClock = SystemClock(),
            endpoint change: (inout EndpointSettings) -> Void = { _ in },
            reply: @escaping @Sendable (ReceivedRequest) -> Reply = { _ in .status(503, body: "busy") }
        ) throws {
            server = try SMTPServer(replies: replies)
            receiver = try MisbehavingReceiver(reply)
            bench = try EngineBench(clock: clock)
            let nodes = [
                Node(id: "r", level: .reseller), Node(id: "d", level: .dealer, parent: "r", notificationEmail: email),
                Node(id: "c", level: .company, parent: "d"), Node(id: "s", level: .site, parent: "c"),
            ]
            var settings = EndpointSettings(id: "crm", node: "c", url: receiver.url)
            change(&settings)
            _ = try bench.outbox.apply(try Topology(nodes: nodes, endpoints: [settings]), prune: false)
        }

        func engine(
            mails: Bool = true,
            untilSettled: Bool = false,
            speed: Double = 1,
            drainMilliseconds: Int64 = 30_000
        ) throws -> Engine {
            let server = try MailServer("smtp://127.0.0.1:\(server.port)", encryption: .optional)
            let mail = MailConfiguration(from: try MailAddress("posthorn@example.com"), server: server)
            return try bench.engine(
                untilSettled: untilSettled,
                speed: speed,
                mail: mails ? mail : nil,
                drainMilliseconds: drainMilliseconds
            )
        }

        func emit(_ count: Int = 1) throws {
            for _ in 0..<count { _ = try bench.outbox.emit(NewEvent(type: "MEETING_STARTED", node: "s", data: "{}")) }
        }

        var mails: MailStatus { get throws { try bench.outbox.status().mails } }
    }

    /// A mail whose server does not answer is cut off with the drain; that was no attempt.
    @Test func aMailServerThatDoesNotAnswerKeepsNoEngineFromEnding() throws {
        let stage = try Stage([".": SMTPServer.silence])
        try stage.emit()
        let engine = try stage.engine(speed: 1e7, drainMilliseconds: 0)
        try engine.start()
        #expect(stage.server.waitForMails(1))
        try engine.stop()
        #expect(try stage.mails.counts == [.waiting: 1])
        #expect(try stage.mails.answer == nil)
    }

    @Test func aRefusedMailIsSentAgainToTheContactThatIsRightNow() throws {
        let stage = try Stage(["RCPT": "550 no such user"])
        try stage.emit()
        try stage.engine(untilSettled: true, speed: 1e7).run()
        #expect(try stage.mails.counts == [.refused: 1])
        #expect(throws: InputProblem.self) { try stage.bench.outbox.retryMails(endpoint: "nobody") }
        let nodes = [
            Node(id: "r", level: .reseller), Node(id: "d", level: .dealer, parent: "r", notificationEmail: "right@example.com"),
            Node(id: "c", level: .company, parent: "d"), Node(id: "s", level: .site, parent: "c"),
        ]
        let settings = EndpointSettings(id: "crm", node: "c", url: stage.receiver.url)
        _ = try stage.bench.outbox.apply(try Topology(nodes: nodes, endpoints: [settings]))
        #expect(try stage.bench.outbox.retryMails(endpoint: "crm").map(\.recipient) == ["right@example.com"])
        #expect(try stage.bench.outbox.retryMails().isEmpty)
        try stage.engine(untilSettled: true, speed: 1e7).run()
        let asked = stage.server.commands.filter { $0.hasPrefix("RCPT") }
        #expect(asked.count == 2 && asked[0].contains("dealer@example.com") && asked[1].contains("right@example.com"))
        #expect(try stage.mails.refused?.recipient == "right@example.com")
    }

    /// Another process puts it back: the engine must not find out when it looks for other reasons, a minute later.
    @Test func aRunningEngineSendsARefusedMailAgainAtOnce() throws {
        let stage = try Stage(["RCPT": "550 no such user"], clock: TestClock()) { $0.retry = try! RetrySchedule(["0"]) }
        let engine = try stage.engine()
        try engine.start()
        try stage.emit()
        #expect(stage.bench.waitFor("refusal", where: \.isMailRefused))
        let other = try stage.bench.place.open(clock: TestClock())
        #expect(try other.retryMails().count == 1)
        #expect(stage.bench.waitFor("second refusal", count: 2, seconds: 30, where: \.isMailRefused))
        try engine.stop()
    }

    @Test func theFifthFailureIsMailedToTheNearestContact() throws {
        let stage = try Stage()
        try stage.emit()
        try stage.engine(untilSettled: true, speed: 1e7).run()
        let mail = try #require(stage.server.mails.first)
        #expect(stage.server.mails.count == 1)
        #expect(mail.recipients == ["<dealer@example.com>"] && mail.from == "<posthorn@example.com>")
        #expect(mail.text.contains("Subject: Webhook delivery to crm is exhausted: MEETING_STARTED"))
        for number in 1...5 { #expect(mail.text.contains("Attempt \(number), ")) }
        #expect(mail.text.ranges(of: "status 503").count == 10)
        #expect(mail.text.contains("multipart/alternative") && mail.text.contains("text/html"))
        #expect(try stage.mails.counts == [.sent: 1])
    }

    @Test func aBurstMakesAtMostTwoMails() throws {
        let stage = try Stage { $0.retry = try! RetrySchedule(["0"]) }
        try stage.emit(300)
        try stage.engine(untilSettled: true).run()
        #expect(try stage.bench.deliveries().allSatisfy { $0.state == .exhausted })
        // The first at once; the rest is collected, and the end of the run does not wait for the hour.
        #expect((1...2).contains(stage.server.mails.count))
        #expect(try stage.mails.counts == [.sent: Int64(stage.server.mails.count)])
    }

    @Test func anHourIsCollected() throws {
        let clock = TestClock()
        let stage = try Stage(clock: clock) { $0.retry = try! RetrySchedule(["0"]) }
        let engine = try stage.engine()
        try engine.start()
        try stage.emit()
        #expect(stage.bench.waitFor("mail", where: \.isMailSent))
        try stage.emit(3)
        #expect(stage.bench.waitFor("failures", count: 4, where: { $0.isFailure(.exhausted) }))
        #expect(stage.server.mails.count == 1)
        let digest = try #require(try stage.mails.next)
        clock.advance(by: digest.milliseconds - clock.now().milliseconds)
        #expect(stage.bench.waitFor("digest", count: 2, where: \.isMailSent))
        try engine.stop()
        #expect(digest.milliseconds - TestClock().now().milliseconds == 3_600_000)
        #expect(stage.server.mails[1].text.contains("Subject: 3 webhook deliveries to crm are exhausted"))
    }

    @Test func withoutAServerMailsWaitForARunThatHasOne() throws {
        let stage = try Stage()
        try stage.emit(2)
        try stage.engine(mails: false, untilSettled: true, speed: 1e7).run()
        #expect(try stage.mails.counts == [.waiting: 1])
        try stage.engine(untilSettled: true).run()
        #expect(stage.server.mails.count == 1)
        #expect(stage.server.mails[0].text.contains("Subject: 2 webhook deliveries to crm are exhausted"))
    }

    @Test func withNobodyToTellNothingIsQueued() throws {
        let stage = try Stage(email: nil)
        try stage.emit(2)
        try stage.engine(untilSettled: true, speed: 1e7).run()
        #expect(stage.server.mails.isEmpty)
        #expect(try stage.mails.withoutContact == 2)
        #expect(try stage.mails.counts == [:])
    }

    @Test func aBusyServerIsTriedAgainOnTheMailsOwnSchedule() throws {
        let clock = TestClock()
        let stage = try Stage(["MAIL": "451 4.7.1 greylisted"], clock: clock) { $0.retry = try! RetrySchedule(["0"]) }
        let engine = try stage.engine()
        try engine.start()
        try stage.emit()
        for (number, gap) in [60_000, 600_000, 3_600_000, 3_600_000].enumerated() {
            #expect(stage.bench.waitFor("try", count: number + 1, where: \.isMailWaiting))
            let next = try #require(try stage.mails.next)
            #expect(next.milliseconds - clock.now().milliseconds == Int64(gap))
            clock.set(next)
        }
        #expect(stage.bench.waitFor("try", count: 5, where: \.isMailWaiting))
        try engine.stop()
        #expect(try stage.mails.answer == "the server replied 451 4.7.1 greylisted")
    }

    @Test func permanentlyRefusedMailIsKeptWithTheReply() throws {
        let stage = try Stage(["RCPT": "550-5.1.1 no such user\r\n550 5.1.1 ask \u{1B}[31mpostmaster"])
        try stage.emit()
        try stage.engine(untilSettled: true, speed: 1e7).run()
        let refused = try #require(try stage.mails.refused)
        #expect(refused.answer == "the server replied 550 5.1.1 no such user 5.1.1 ask \\u{1b}[31mpostmaster")
        #expect(refused.recipient == "dealer@example.com" && refused.endpoint == "crm")
        // It is not tried again.
        try stage.engine(untilSettled: true).run()
        #expect(stage.server.commands.count { $0.hasPrefix("MAIL") } == 1)
    }

    @Test func anAddressThatInjectsIsRefusedBeforeTheServerHearsOfIt() throws {
        for evil in ["a@b.example>\r\nRCPT TO:<evil@c.example", "a@b.example\r\nBcc: evil@c.example", "a@b.example,evil@c.example"] {
            let stage = try Stage(email: evil)
            try stage.emit()
            try stage.engine(untilSettled: true, speed: 1e7).run()
            #expect(stage.server.commands.isEmpty)
            #expect(try stage.mails.refused?.answer?.contains("is not a plain e-mail address") == true)
        }
    }

    @Test func aKeyThatTheReceiverEchoesIsNotMailed() throws {
        let stage = try Stage {
            $0.envelope = .voiso
            $0.signature = .voisoKey
            $0.credentials = ["key": .string("voiso-secret-key"), "name": .string("hook"), "entity": .string("call")]
        } reply: { request in
            .status(500, body: String(decoding: request.body, as: UTF8.self) + " voiso-secret-key")
        }
        try stage.emit()
        try stage.engine(untilSettled: true, speed: 1e7).run()
        let text = try #require(stage.server.mails.first?.text)
        #expect(!text.contains("voiso-secret-key"))
        #expect(text.contains("| "))
    }

    @Test func anEngineThatStopsLeavesUnsentMailsToTheNext() throws {
        let stage = try Stage(["connect": "421 closing"])
        try stage.emit()
        try stage.engine(untilSettled: true, speed: 1e7).run()
        #expect(try stage.mails.counts == [.waiting: 1])
        #expect(try stage.mails.answer == "the server replied 421 closing")
        let before = try #require(try stage.mails.next)
        let engine = try stage.engine()
        try engine.start()
        try engine.stop()
        #expect(try stage.mails.next.map { $0 >= before } == true)
    }
}

extension EngineEvent {
    private var mailState: MailState? { if case .mail(let update) = self { update.state } else { nil } }
    var isMailSent: Bool { mailState == .sent }
    var isMailRefused: Bool { mailState == .refused }
    var isMailWaiting: Bool { mailState == .waiting }
}
