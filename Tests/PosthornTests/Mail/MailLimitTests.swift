import Posthorn
import PosthornMail
import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornTestSupport
import Testing

/// Many failing endpoints of one contact, and the mails of another one.
@Suite(.limited(), .onEachStore) struct MailLimitTests {
    private static let endpoints = 120

    /// Seen: 1,500 failing endpoints of one address sent as many mails at once, and another tenant's mail waited behind them.
    @Test func oneContactGetsFewMailsAndHoldsUpNoOther() throws {
        let server = try SMTPServer(replies: [:])
        let receiver = try MisbehavingReceiver { _ in .status(503) }
        let bench = try EngineBench()
        let nodes = [
            Node(id: "r", level: .reseller), Node(id: "d", level: .dealer, parent: "r", notificationEmail: "a@example.com"),
            Node(id: "c", level: .company, parent: "d"), Node(id: "d2", level: .dealer, parent: "r", notificationEmail: "z@example.com"),
            Node(id: "c2", level: .company, parent: "d2"),
        ]
        let once = try RetrySchedule(["0"])
        var all = (0..<Self.endpoints).map { EndpointSettings(id: "e\($0)", node: "c", url: receiver.url, retry: once) }
        all.append(EndpointSettings(id: "other", node: "c2", url: receiver.url, retry: once))
        _ = try bench.outbox.apply(try Topology(nodes: nodes, endpoints: all))
        for node in ["c", "c2"] { _ = try bench.outbox.emit(NewEvent(type: "MEETING_STARTED", node: node, data: "{}")) }
        // All are exhausted before there is a mail server.
        try bench.engine(untilSettled: true).run()
        #expect(try bench.outbox.status().mails.counts == [.waiting: Int64(Self.endpoints) + 1])
        var mail = MailConfiguration(
            from: try MailAddress("posthorn@example.com"),
            server: try MailServer("smtp://127.0.0.1:\(server.port)", encryption: .optional)
        )
        mail.mailsPerHour = 5
        try bench.engine(untilSettled: true, mail: mail).run()
        let recipients = server.mails.map(\.recipients)
        #expect(recipients.count { $0 == ["<a@example.com>"] } == 5 && recipients.count == 6, "\(recipients)")
        #expect(recipients.prefix(2).contains(["<z@example.com>"]), "\(recipients)")
        #expect(try bench.outbox.status().mails.counts == [.sent: Int64(Self.endpoints) + 1])
        let digest = try #require(server.mails.last)
        let rest = Self.endpoints - 4
        #expect(digest.text.contains("Subject: \(rest) deliveries to \(rest) webhook endpoints are exhausted"), "\(digest.text)")
        #expect(digest.text.contains("with http_status 503") && digest.text.contains("And \(rest - 100) more."))
    }

    /// What comes when a contact has had its number waits, and goes in one mail when the hour is over.
    @Test func whatIsBeyondTheNumberComesInOneMailLater() throws {
        let clock = TestClock()
        let server = try SMTPServer(replies: [:])
        let receiver = try MisbehavingReceiver { _ in .status(503) }
        let bench = try EngineBench(clock: clock)
        let nodes = [
            Node(id: "r", level: .reseller), Node(id: "d", level: .dealer, parent: "r", notificationEmail: "a@example.com"),
            Node(id: "c", level: .company, parent: "d"),
        ]
        let once = try RetrySchedule(["0"])
        let all = try (0..<4).map { number in
            var settings = EndpointSettings(id: "e\(number)", node: "c", url: receiver.url, retry: once)
            settings.events = [try EventPattern("T\(number)")]
            return settings
        }
        _ = try bench.outbox.apply(try Topology(nodes: nodes, endpoints: all))
        var mail = MailConfiguration(
            from: try MailAddress("posthorn@example.com"),
            server: try MailServer("smtp://127.0.0.1:\(server.port)", encryption: .optional)
        )
        mail.mailsPerHour = 1
        let engine = try bench.engine(mail: mail)
        try engine.start()
        for number in 0..<4 {
            _ = try bench.outbox.emit(NewEvent(type: "T\(number)", node: "c", data: "{}"))
            #expect(bench.waitFor("failure", count: number + 1, where: { $0.isFailure(.exhausted) }))
            if number == 0 { #expect(bench.waitFor("mail", count: number + 1, where: \.isMailSent)) }
        }
        #expect(server.mails.count == 1)
        clock.advance(by: 3_600_000)
        #expect(bench.waitFor("digest", count: 2, where: \.isMailSent))
        #expect(server.mails.last?.text.contains("3 deliveries to 3 webhook endpoints") == true)
        try engine.stop()
    }
}
