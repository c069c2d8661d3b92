import PosthornModel
import PosthornStore
import PosthornMail
import PosthornSystem
import PosthornText
import Synchronization

/// Sends the mails of a running engine's outbox, one after the other and contact by contact, on a thread of its own: a slow mail server holds
/// nothing else back. A mail is closed in one commit, sent, and recorded in another; a crash between the two sends it
/// again, with the same message id.
final class MailRunner: EngineService {
    let outbox: Outbox
    /// How mails are handed in, as of now.
    private let configuration: @Sendable () -> MailConfiguration
    let speed: Double
    let listeners: EngineListeners
    let thread: ServiceThread
    /// Whether this engine sends the mails; of several that share an outbox one does.
    private let onDuty = Atomic(true)

    /// How long to wait when the outbox cannot be read or written.
    private static let storagePauseMilliseconds: Int64 = 1000
    /// All that waits, due or not.
    private static let everything = Timestamp(milliseconds: .max)
    /// A flush ends after so many mails in a row that the server does not take now: the next would wait for it too.
    private static let flushFailuresLimit = 2

    init(
        _ outbox: Outbox,
        _ configuration: @escaping @Sendable () -> MailConfiguration,
        speed: Double,
        _ listeners: EngineListeners
    ) throws(SystemProblem) {
        self.outbox = outbox
        self.configuration = configuration
        self.speed = speed
        self.listeners = listeners
        thread = try ServiceThread(name: "posthorn-mail", clock: outbox.clock)
    }

    // MARK: EngineService

    static func make(for engine: Engine) throws(SystemProblem) -> MailRunner? {
        guard let mail = engine.configuration.mail else { return nil }
        let current: @Sendable () -> MailConfiguration = { [weak engine] in engine?.state.withLock { $0.newMail } ?? mail }
        return try MailRunner(engine.outbox, current, speed: engine.configuration.speed, engine.listeners)
    }

    func start() throws(SystemProblem) { try thread.start { [self] in run() } }

    func notice(_ news: EngineNews) {
        switch news {
        case .mailsQueued: thread.wake()
        case .endpoints(_, let leases):
            let isOurs = leases.lease.startable.contains(ShardSet.mailShard)
            if onDuty.exchange(isOurs, ordering: .acquiringAndReleasing) != isOurs { thread.wake() }
        }
    }

    /// Everything that waits is tried once when all is settled. Digests are closed then though their hour is not over.
    func drain(_ drain: ServiceDrain) { thread.order(drain == .now ? .stop : .finish) }

    /// A mail that is still on the wire when the time is over is cut off: it is sent again, and that was no attempt.
    func join(within milliseconds: Int64) { thread.join(within: milliseconds) }

    // MARK: On its own thread

    private var isOnDuty: Bool { onDuty.load(ordering: .acquiring) }

    private func run() {
        var watch = WorkWatch(.mails, listeners)
        var turns = MailTurns(spanMilliseconds: Transition.scaled(MailSchedule.spacingMilliseconds, speed))
        while true {
            switch thread.order {
            case .stop: return
            case .finish: return flush(&turns)
            case .work:
                let pause = sendDue(&turns, &watch)
                if thread.order == .work { thread.sleep(milliseconds: pause) }
            }
        }
    }

    /// Sends what is due, contact by contact.
    /// - Returns: How long to sleep.
    private func sendDue(_ turns: inout MailTurns, _ watch: inout WorkWatch) -> Int64 {
        do {
            while thread.order == .work, isOnDuty {
                let waiting = try outbox.read { try $0.waitingRecipients() }
                watch.succeeded()
                for turn in turns.round(of: waiting, limit: configuration().mailsPerHour, at: outbox.clock.now()) {
                    guard let (recipient, isDigest) = turn.recipient else {
                        guard case .wait(let next?) = turn else { return ServiceThread.longestSleepMilliseconds }
                        return outbox.clock.realMilliseconds(until: next) ?? ServiceThread.longestSleepMilliseconds
                    }
                    guard thread.order == .work, isOnDuty else { break }
                    turns.begins(recipient)
                    let (now, limit) = (outbox.clock.now(), isDigest ? Self.digestLimit : 1)
                    let mails = try outbox.read { try $0.waitingMails(to: recipient, dueBy: now, limit: limit) }
                    // None where they were pruned since.
                    if !mails.isEmpty, try sendDigest(mails) == .sent { turns.sent(to: recipient, at: outbox.clock.now()) }
                }
            }
            return ServiceThread.longestSleepMilliseconds
        } catch {
            if thread.order == .work { _ = watch.failed(error) }
            return Self.storagePauseMilliseconds
        }
    }

    /// Tries once what waits, due or not, as far as the contacts may get more.
    private func flush(_ turns: inout MailTurns) {
        var tried: Set<Int64> = []
        var done: Set<String> = []
        var failures = 0
        while true {
            let now = outbox.clock.now()
            guard let all = try? outbox.read({ try $0.waitingRecipients() }) else { return }
            let waiting = all.filter { !done.contains($0.recipient) }.map {
                WaitingRecipient(recipient: $0.recipient, due: min($0.due, now))
            }
            for turn in turns.round(of: waiting, limit: configuration().mailsPerHour, at: now) {
                guard thread.order != .stop, isOnDuty, failures < Self.flushFailuresLimit, let (recipient, isDigest) = turn.recipient,
                    let found = try? outbox.read({ try $0.waitingMails(to: recipient, dueBy: Self.everything, limit: Self.digestLimit) })
                else { return }
                turns.begins(recipient)
                let mails = Array(found.filter { !tried.contains($0.key) }.prefix(isDigest ? Self.digestLimit : 1))
                if mails.isEmpty {
                    done.insert(recipient)
                    continue
                }
                tried.formUnion(mails.map(\.key))
                switch try? sendDigest(mails) {
                case .sent:
                    turns.sent(to: recipient, at: now)
                    failures = 0
                case .permanent: failures = 0
                case .temporary: failures += 1
                case .unusable, nil: return
                }
            }
        }
    }

    /// Sends one mail and records its result.
    func send(_ mail: QueuedMail) throws -> MailResult? {
        let claim = try outbox.writer.perform { [outbox] (store) throws(OutboxProblem) -> Claim? in
            let now = outbox.clock.now()
            guard let closed = try store.closeMail(mail.key, at: now) else { return nil }
            _ = try outbox.directory.refresh(from: store, at: now)
            return Claim(mail: closed, redactor: try outbox.directory.redactor(ofEndpoint: closed.endpoint, in: store, at: now))
        }
        guard let claim else { return nil }
        guard let contents = try contents(claim) else {
            record([Self.nothingLeft(mail)])
            return nil
        }
        let result = handIn(claim.mail, Words(contents), identifier: claim.mail.id)
        // Cut off before the server has answered: nobody knows whether it has the mail.
        if result != .sent, thread.isCut { return nil }
        let now = outbox.clock.now()
        let attempt = MailSchedule.after(result, of: claim.mail, at: now, speed: speed)
        record([attempt])
        listeners.tell(
            .mail(
                MailUpdate(
                    recipient: claim.mail.recipient,
                    endpoint: claim.mail.endpoint,
                    deliveries: contents.count,
                    attempt: claim.mail.attempts + 1,
                    state: attempt.state,
                    answer: attempt.answer,
                    nextAttemptAt: attempt.nextAttemptAt
                )
            )
        )
        return result
    }

    private struct Claim: Sendable {
        let mail: QueuedMail
        let redactor: SecretRedactor?
    }

    private func contents(_ claim: Claim) throws -> MailContents? {
        guard let contents = try outbox.read({ try $0.mailContents(claim.mail.key, limit: NotificationMail.listedDeliveriesLimit) })
        else { return nil }
        guard let redactor = claim.redactor, contents.notice == nil else { return contents }
        let deliveries = contents.deliveries.map { delivery in
            var delivery = delivery
            delivery.attempts = delivery.attempts.map { attempt in
                Attempt(delivery: attempt.delivery, number: attempt.number, outcome: redactor.redacted(attempt.outcome))
            }
            return delivery
        }
        return MailContents(
            endpoint: contents.endpoint,
            node: contents.node,
            count: contents.count,
            oldestEvent: contents.oldestEvent,
            deliveries: deliveries
        )
    }

    /// What becomes of a mail whose deliveries were pruned.
    static func nothingLeft(_ mail: QueuedMail) -> MailAttempt {
        MailAttempt(mail: mail.key, state: .refused, nextAttemptAt: nil, answer: "no delivery is left to report")
    }

    /// Hands a digest in.
    func handIn(_ mail: QueuedMail, _ digest: DigestMail, identifier: String) -> MailResult {
        handIn(mail, Words(digest), identifier: identifier)
    }

    private func handIn(_ mail: QueuedMail, _ words: Words, identifier: String) -> MailResult {
        let configuration = configuration()
        do throws(InputProblem) {
            let message = MailMessage(
                from: configuration.from,
                to: try MailAddress(mail.recipient),
                subject: words.subject,
                body: words.text,
                html: words.html,
                // The moment at which it was closed, so that a repeat is the same mail.
                date: mail.closed ?? outbox.clock.now(),
                identifier: identifier
            )
            if let transport = configuration.transport { return transport(message) }
            return try configuration.sender.send(message) { [thread] in thread.isCut }
        } catch {
            return .permanent("not handed in: \(error)")
        }
    }

    /// What a mail says.
    private struct Words {
        let subject: String
        let text: String
        let html: String

        init(_ mail: DigestMail) { (subject, text, html) = (mail.subject, mail.text, mail.html) }

        init(_ contents: MailContents) {
            if let notice = contents.notice {
                let mail = HealthMail(endpoint: contents.endpoint, node: contents.node, notice: notice)
                (subject, text, html) = (mail.subject, mail.text, mail.html)
            } else {
                let mail = NotificationMail(contents: contents)
                (subject, text, html) = (mail.subject, mail.text, mail.html)
            }
        }
    }

    /// Stores results in one commit; a store that cannot be written now is tried again until the engine ends.
    func record(_ attempts: [MailAttempt]) {
        if attempts.isEmpty { return }
        while true {
            do throws(OutboxProblem) {
                return try outbox.writer.perform { (store) throws(OutboxProblem) in
                    for attempt in attempts { try store.recordMail(attempt) }
                }
            } catch {
                if thread.order != .work { return }
                thread.sleep(milliseconds: Self.storagePauseMilliseconds)
            }
        }
    }
}

extension MailTurns.Turn {
    /// Whose turn it is, and whether all that waits for them goes at once.
    fileprivate var recipient: (String, isDigest: Bool)? {
        switch self {
        case .mail(let recipient): (recipient, false)
        case .digest(let recipient): (recipient, true)
        case .wait: nil
        }
    }
}
