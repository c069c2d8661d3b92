import PosthornModel
import PosthornText
import PosthornStore
import PosthornMail
import Testing

@testable import Posthorn

/// What a mail about exhausted deliveries says, and that nothing from outside breaks out of its place in it.
@Suite struct NotificationMailTests {
    static let start = Timestamp(milliseconds: 1_594_816_394_000)

    static func attempt(_ number: Int, _ text: String = "answered 503", response: String = "busy") -> Attempt {
        Attempt(
            delivery: 17,
            number: number,
            outcome: AttemptOutcome(
                started: start.advanced(byMilliseconds: Int64(number) * 60_000),
                durationMicroseconds: 1_204_567,
                status: 503,
                error: .status,
                errorText: text,
                response: Array(response.utf8),
                address: "192.0.2.1:443"
            )
        )
    }

    static func delivery(_ id: Int64 = 17, event: String = "e1", type: String = "MEETING_STARTED", _ attempts: [Attempt]? = nil)
        -> ExhaustedDelivery
    {
        ExhaustedDelivery(
            id: id,
            event: event,
            type: type,
            node: "s1",
            created: start,
            exhaustedAt: start.advanced(byMilliseconds: 86_400_000),
            url: "https://crm.example/hooks?token=geheim",
            attempts: attempts ?? (1...5).map { attempt($0) }
        )
    }

    /// The mail goes to the endpoint's owner, who is neither to learn where a name of his leads inside nor to open the guard.
    @Test func guardRefusalsAreMailedToTheOperator() throws {
        var outcome = Self.attempt(1).outcome
        (outcome.status, outcome.error, outcome.address) = (nil, .refusedAddress, "")
        outcome.errorText = "10.0.0.7 is in a range that the egress guard forbids"
        let sentence = NotificationMail.sentence(of: Attempt(delivery: 17, number: 1, outcome: outcome))
        #expect(sentence.hasSuffix(": refused_address"))
    }

    static func mail(_ deliveries: [ExhaustedDelivery], count: Int? = nil, endpoint: String = "crm") -> NotificationMail {
        NotificationMail(
            contents: MailContents(
                endpoint: endpoint,
                node: "c1",
                count: count ?? deliveries.count,
                oldestEvent: start,
                deliveries: deliveries
            )
        )
    }

    static func rendered(_ mail: NotificationMail) throws -> [UInt8] {
        try MailMessage(
            from: MailAddress("posthorn@example.com"),
            to: MailAddress("dealer@example.com"),
            subject: mail.subject,
            body: mail.text,
            html: mail.html,
            date: start,
            identifier: "posthorn-1"
        ).rendered()
    }

    @Test func mailAboutOneDeliveryHasAllOfIt() {
        let attempts = [Self.attempt(1), Self.attempt(2, response: "line 1\r\nline 2\n")]
        let mail = Self.mail([Self.delivery(17, attempts)])
        #expect(mail.subject == "Webhook delivery to crm is exhausted: MEETING_STARTED")
        #expect(
            mail.text == """
                Posthorn has given up on a webhook delivery after 2 failed attempts.

                Endpoint  crm at node c1
                URL       https://crm.example/hooks?…

                To try again, once:
                    posthorn retry 17
                To go through the whole schedule again:
                    posthorn retry 17 --schedule

                Delivery 17
                  Event: e1
                  Type: MEETING_STARTED
                  Node: s1
                  Happened: 2020-07-15T12:33:14.000Z
                  Exhausted: 2020-07-16T12:33:14.000Z
                  Attempt 1, 2020-07-15T12:34:14.000Z, after 1.204 s, 192.0.2.1:443: http_status, status 503, answered 503
                    | busy
                  Attempt 2, 2020-07-15T12:35:14.000Z, after 1.204 s, 192.0.2.1:443: http_status, status 503, answered 503
                    | line 1
                    | line 2

                """
        )
        for fact in ["posthorn retry 17", "e1", "MEETING_STARTED", "https://crm.example/hooks?…", "status 503, answered 503", "line 2"] {
            #expect(mail.html.contains(fact), "\(fact)")
        }
    }

    @Test func mailListsDeliveriesUpToALimitAndCountsTheRest() {
        let listed = (1...20).map { Self.delivery($0) }
        let mail = Self.mail(listed, count: 1000)
        #expect(mail.subject == "1000 webhook deliveries to crm are exhausted")
        #expect(mail.text.contains("Delivery 20\n"))
        #expect(mail.text.contains("And 980 more, which are listed by: posthorn deliveries --endpoint crm --state exhausted --since 2020-"))
        #expect(mail.text.contains("posthorn retry --endpoint crm --since 2020-07-15T12:33:14.000Z --schedule"))
        #expect(mail.html.contains("And 980 more"))
        let few = Self.mail(Array(listed.prefix(3)))
        #expect(few.text.contains("posthorn retry 1 2 3\n"))
        #expect(!few.text.contains("more, which"))
    }

    @Test func mailSizeIsBounded() throws {
        let long = String(repeating: "<é\u{0}", count: 250)
        let attempts = (1...50).map { Self.attempt($0, String(repeating: "x", count: 5000), response: long) }
        let mail = Self.mail((1...20).map { Self.delivery($0, attempts) })
        #expect(mail.text.utf8.count < 2 * NotificationMail.textLimitBytes)
        #expect(mail.text.contains("more, which are listed by"))
        #expect(try Self.rendered(mail).count < 4 << 20)
    }

    /// Texts that receivers, producers and topology files may hold.
    static let injections = [
        "a\r\nBcc: evil@example.com", "a\nBcc: evil@example.com\n\nbody", "a\rX: y", "a\u{0}b", "a\u{85}Bcc: x", "a\u{2028}Bcc: x",
        "\r\n.\r\nMAIL FROM:<evil@example.com>", "--=_posthorn-1", "--=_posthorn-1--", "=?utf-8?Q?a?=", "<script>alert(1)</script>",
        "\u{202E}gnp.exe", "'; rm -rf ~; echo '", "\u{1B}]0;title\u{7}",
    ]

    @Test(arguments: injections)
    func textsFromOutsideStayInTheirPlace(_ text: String) throws {
        let evil = Self.delivery(event: text, type: text, [Self.attempt(1, text, response: text)])
        for mail in [Self.mail([evil], endpoint: text), Self.mail([evil, evil], count: 50, endpoint: text)] {
            #expect(!mail.subject.unicodeScalars.contains(where: OneLine.isHidden))
            #expect(mail.text.unicodeScalars.allSatisfy { $0 == "\n" || !OneLine.isHidden($0) })
            #expect(!mail.html.contains("<script"))
            let lines = try Self.rendered(mail).split(omittingEmptySubsequences: false) { $0 == 0x0A }.map { line in
                #expect(line.last == 0x0D || line.isEmpty)
                #expect(line.count <= 998 && line.dropLast().allSatisfy { (0x20...0x7E).contains($0) })
                return String(decoding: line.dropLast(), as: UTF8.self)
            }
            let header = lines.prefix { !$0.isEmpty }
            let names = header.filter { !$0.hasPrefix(" ") }.map { $0.prefix { $0 != ":" } }
            #expect(
                names == ["Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
            )
            // One opening and one closing of each of the two parts.
            let boundary = try #require(header.last { $0.contains("boundary=") }?.split(separator: "\"").dropFirst().first)
            #expect(lines.count { $0.hasPrefix("--\(boundary)") } == 3)
            #expect(!header.contains { $0.hasPrefix("Bcc:") })
            #expect(!mail.text.split(separator: "\n").contains { $0.hasPrefix("Bcc:") || $0 == "." })
        }
    }
}

/// When mails are tried.
@Suite struct MailScheduleTests {
    private func mail(_ attempts: Int) -> QueuedMail {
        QueuedMail(
            key: 1,
            id: "m",
            endpoint: "e",
            recipient: "a@example.com",
            state: .waiting,
            closed: nil,
            attempts: attempts,
            nextAttemptAt: nil,
            answer: nil
        )
    }

    private let now = NotificationMailTests.start

    @Test func aMinuteTenMinutesThenHourlyForThreeDays() {
        var waited: [Int64] = []
        while let gap = MailSchedule.gapMilliseconds(after: waited.count + 1) { waited.append(gap) }
        #expect(waited.prefix(4) == [60_000, 600_000, 3_600_000, 3_600_000])
        let total = waited.reduce(0, +)
        #expect(total > 71 * 3_600_000 && total <= 72 * 3_600_000)
    }

    @Test func mailResultDecidesTheNextStep() {
        let sent = MailSchedule.after(.sent, of: mail(0), at: now, speed: 1)
        #expect(sent == MailAttempt(mail: 1, state: .sent, nextAttemptAt: nil, answer: nil))
        let refused = MailSchedule.after(.permanent("550 no"), of: mail(0), at: now, speed: 1)
        #expect(refused == MailAttempt(mail: 1, state: .refused, nextAttemptAt: nil, answer: "550 no"))
        for result in [MailResult.temporary("451"), .unusable("451")] {
            let later = MailSchedule.after(result, of: mail(1), at: now, speed: 60)
            #expect(later.state == .waiting && later.answer == "451")
            #expect(later.nextAttemptAt == now.advanced(byMilliseconds: 10_000))
        }
        let last = MailSchedule.after(.temporary("451"), of: mail(MailSchedule.attemptsLimit - 1), at: now, speed: 1)
        #expect(last.state == .refused && last.answer == "given up after 74 tries: 451")
    }
}
