public import PosthornModel
import PosthornText
public import PosthornMail
import PosthornStore

/// How mails about exhausted deliveries are sent.
public struct MailConfiguration: Sendable {
    /// Who sends them.
    public var from: MailAddress
    /// Who is told, beside the contact, of endpoints that will be disabled or are; `nil` for nobody.
    public var operatorAddress: MailAddress?
    /// Mails that one address gets in an hour, at least 1; what there is beyond that is in the last of them.
    public var mailsPerHour = Self.usualMailsPerHour
    /// How many that is unless it is told otherwise.
    public static let usualMailsPerHour = 10
    /// Hands them to the operator's server.
    package var sender: MailSender
    /// Takes mails in place of the server, in tests.
    package var transport: (@Sendable (MailMessage) -> MailResult)?

    /// Mails from an address through a server.
    public init(from: MailAddress, server: MailServer) {
        self.from = from
        sender = MailSender(server)
    }
}

/// When mails are sent: pure.
enum MailSchedule {
    /// Deliveries of one endpoint that are exhausted within this time after a mail share the next one: an hour.
    static let spacingMilliseconds: Int64 = 3_600_000
    /// Hourly tries after the first three, up to three days in all.
    static let attemptsLimit = 3 + 71

    /// How long to wait after a number of attempts; `nil` when there were enough.
    static func gapMilliseconds(after attempts: Int) -> Int64? {
        switch attempts {
        case ..<2: return 60_000
        case 2: return 600_000
        case ..<attemptsLimit: return 3_600_000
        default: return nil
        }
    }

    /// What follows from an attempt.
    /// - Parameters:
    ///   - result: What the server answered.
    ///   - mail: The mail as it was before.
    ///   - now: The attempt's end.
    ///   - speed: How many times faster than written the schedule runs.
    static func after(_ result: MailResult, of mail: QueuedMail, at now: Timestamp, speed: Double) -> MailAttempt {
        switch result {
        case .sent: return MailAttempt(mail: mail.key, state: .sent, nextAttemptAt: nil, answer: nil)
        case .permanent(let answer): return MailAttempt(mail: mail.key, state: .refused, nextAttemptAt: nil, answer: answer)
        case .temporary(let answer), .unusable(let answer):
            guard let gap = gapMilliseconds(after: mail.attempts + 1) else {
                let last = "given up after \(mail.attempts + 1) tries: \(answer)"
                return MailAttempt(mail: mail.key, state: .refused, nextAttemptAt: nil, answer: last)
            }
            let next = now.advanced(byMilliseconds: Transition.scaled(gap, speed))
            return MailAttempt(mail: mail.key, state: .waiting, nextAttemptAt: next, answer: answer)
        }
    }
}
