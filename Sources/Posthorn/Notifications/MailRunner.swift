import PosthornModel
import PosthornStore
import PosthornMail
import PosthornSystem
import Synchronization

/// Sends the mails of a running engine's outbox, one after the other, on a thread of its own: a slow mail server holds
/// nothing else back. A mail is closed in one commit, sent, and recorded in another; a crash between the two sends it
/// again, with the same message id.
final class MailRunner: EngineService {
    private let outbox: Outbox
    /// How mails are handed in, as of now.
    private let configuration: @Sendable () -> MailConfiguration
    private let speed: Double
    private let listeners: EngineListeners
    private let thread: ServiceThread
    /// Whether this engine sends the mails; of several that share an outbox one does.
    private let onDuty = Atomic(true)

    /// How long to wait when the outbox cannot be read or written.
    private static let storagePauseMilliseconds: Int64 = 1000
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
        while true {
            switch thread.order {
            case .stop: return
            case .finish: return flush()
            case .work:
                let pause = sendDue()
                if thread.order == .work { thread.sleep(milliseconds: pause) }
            }
        }
    }

    /// Sends what is due.
    /// - Returns: How long to sleep.
    private func sendDue() -> Int64 {
        do {
            while thread.order == .work, isOnDuty, let mail = try outbox.read({ try $0.dueMail(at: outbox.clock.now()) }) {
                _ = try send(mail)
            }
            guard isOnDuty, let next = try outbox.read({ try $0.nextMail() }) else { return ServiceThread.longestSleepMilliseconds }
            return outbox.clock.realMilliseconds(until: next) ?? ServiceThread.longestSleepMilliseconds
        } catch {
            return Self.storagePauseMilliseconds
        }
    }

    private func flush() {
        var key: Int64 = 0
        var failures = 0
        while thread.order != .stop, isOnDuty, failures < Self.flushFailuresLimit,
            let mail = try? outbox.read({ try $0.waitingMail(after: key) })
        {
            key = mail.key
            switch try? send(mail) {
            case .sent, .permanent: failures = 0
            case .temporary: failures += 1
            case .unusable, nil: return
            }
        }
    }

    /// Sends one mail and records its result.
    private func send(_ mail: QueuedMail) throws -> MailResult? {
        let claim = try outbox.writer.perform { [outbox] (store) throws(OutboxProblem) -> Claim? in
            let now = outbox.clock.now()
            guard let closed = try store.closeMail(mail.key, at: now) else { return nil }
            _ = try outbox.directory.refresh(from: store, at: now)
            return Claim(mail: closed, redactor: try outbox.directory.redactor(ofEndpoint: closed.endpoint, in: store, at: now))
        }
        guard let claim else { return nil }
        guard let contents = try contents(claim) else {
            record(MailAttempt(mail: mail.key, state: .refused, nextAttemptAt: nil, answer: "no delivery is left to report"))
            return nil
        }
        let result = handIn(claim.mail, contents)
        // Cut off before the server has answered: nobody knows whether it has the mail.
        if result != .sent, thread.isCut { return nil }
        let now = outbox.clock.now()
        let attempt = MailSchedule.after(result, of: claim.mail, at: now, speed: speed)
        record(attempt)
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

    private func handIn(_ mail: QueuedMail, _ contents: MailContents) -> MailResult {
        let words = Words(contents)
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
                identifier: mail.id
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

    /// Stores a result; a store that cannot be written now is tried again until the engine ends.
    private func record(_ attempt: MailAttempt) {
        while true {
            do throws(OutboxProblem) {
                return try outbox.writer.perform { (store) throws(OutboxProblem) in try store.recordMail(attempt) }
            } catch {
                if thread.order != .work { return }
                thread.sleep(milliseconds: Self.storagePauseMilliseconds)
            }
        }
    }
}
