import PosthornModel
import PosthornStore
import PosthornSending
import PosthornSystem
import Synchronization

/// Sends the mails of a running engine's outbox, one after the other, on a thread of its own: a slow mail server holds
/// nothing else back. A mail is closed in one commit, sent, and recorded in another; a crash between the two sends it
/// again, with the same message id.
final class MailRunner: Sendable {
    private let outbox: Outbox
    private let configuration: Mutex<MailConfiguration>
    private let speed: Double
    private let listeners: EngineListeners
    private let waker: Waker
    /// Signalled when something has changed for those who wait in ``join(within:)``.
    private let ended: Waker
    private let state = Mutex(State())

    private struct State: ~Copyable {
        var order = Order.work
        /// When it was told to stop, in monotonic nanoseconds.
        var stopped: Int64?
        /// Whether the mail on the wire is not waited for any more.
        var isCut = false
        var isOver = false
        /// Whether this engine sends the mails; of several that share an outbox one does.
        var isOnDuty = true
        var thread: WorkerThread?
    }

    private enum Order {
        /// Sends what is due.
        case work
        /// Tries everything that waits once, and ends.
        case flush
        /// Ends; a mail that is on the wire ends first.
        case stop
    }

    /// The longest sleep, after which a clock that was moved is noticed.
    private static let longestSleepMilliseconds: Int64 = 60_000
    /// How long to wait when the outbox cannot be read or written.
    private static let storagePauseMilliseconds: Int64 = 1000
    /// A flush ends after so many mails in a row that the server does not take now: the next would wait for it too.
    private static let flushFailuresLimit = 2

    init(_ outbox: Outbox, _ configuration: MailConfiguration, speed: Double, _ listeners: EngineListeners) throws(SystemProblem) {
        self.outbox = outbox
        self.configuration = Mutex(configuration)
        self.speed = speed
        self.listeners = listeners
        waker = try Waker()
        ended = try Waker()
        outbox.clock.signalOnJump(waker)
        let thread = try WorkerThread(name: "posthorn-mail") { [self] in
            run()
            state.withLock { $0.isOver = true }
            ended.signal()
        }
        state.withLock { $0.thread = thread }
    }

    // MARK: From any thread

    /// There is something new in the queue.
    func wake() { waker.signal() }

    /// Hands mails in as this says from now on.
    func use(_ newer: MailConfiguration) {
        configuration.withLock { $0 = newer }
        waker.signal()
    }

    /// Says whether this engine sends the mails from now on, or another one does.
    func setOnDuty(_ isOnDuty: Bool) {
        state.withLock { $0.isOnDuty = isOnDuty }
        waker.signal()
    }

    /// Begins no mail from now on.
    func requestStop() {
        state.withLock { state in
            state.order = .stop
            if state.stopped == nil { state.stopped = MonotonicClock.nanoseconds() }
        }
        waker.signal()
        ended.signal()
    }

    /// Has everything that waits tried once, unless it is to stop. Digests are closed though their hour is not over.
    func requestFlush() {
        state.withLock { if $0.order == .work { $0.order = .flush } }
        waker.signal()
    }

    /// Waits for the thread's end, after ``requestStop()`` or ``requestFlush()``. A mail that is still on the wire so many
    /// milliseconds after the stop is cut off: it is sent again, and that was no attempt.
    func join(within milliseconds: Int64) {
        while true {
            let (isOver, stopped) = state.withLock { ($0.isOver, $0.stopped) }
            let left = stopped.map { ($0 - MonotonicClock.nanoseconds()) / 1_000_000 + milliseconds }
            if isOver { break }
            if let left, left <= 0 {
                state.withLock { $0.isCut = true }
                break
            }
            ended.wait(milliseconds: left.map { $0 + 1 })
        }
        let thread = state.withLock { state in
            defer { state.thread = nil }
            return state.thread
        }
        thread?.join()
    }

    // MARK: On its own thread

    private var order: Order { state.withLock { $0.order } }
    private var isOnDuty: Bool { state.withLock { $0.isOnDuty } }

    private func run() {
        while true {
            switch order {
            case .stop: return
            case .flush:
                flush()
                return
            case .work:
                let pause = sendDue()
                if order == .work { waker.wait(milliseconds: pause) }
            }
        }
    }

    /// Sends what is due.
    /// - Returns: How long to sleep.
    private func sendDue() -> Int64 {
        do {
            while order == .work, isOnDuty, let mail = try outbox.read({ try $0.dueMail(at: outbox.clock.now()) }) { _ = try send(mail) }
            guard isOnDuty, let next = try outbox.read({ try $0.nextMail() }) else { return Self.longestSleepMilliseconds }
            return min(outbox.clock.realMilliseconds(until: next) ?? .max, Self.longestSleepMilliseconds)
        } catch {
            return Self.storagePauseMilliseconds
        }
    }

    private func flush() {
        var key: Int64 = 0
        var failures = 0
        while order != .stop, isOnDuty, failures < Self.flushFailuresLimit,
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
        if result != .sent, state.withLock({ $0.isCut }) { return nil }
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
        guard let redactor = claim.redactor else { return contents }
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
        let words = NotificationMail(contents: contents)
        let configuration = configuration.withLock { $0 }
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
            return try configuration.sender.send(message) { [self] in state.withLock { $0.isCut } }
        } catch {
            return .permanent("not handed in: \(error)")
        }
    }

    /// Stores a result; a store that cannot be written now is tried again until the engine ends.
    private func record(_ attempt: MailAttempt) {
        while true {
            do throws(OutboxProblem) {
                return try outbox.writer.perform { (store) throws(OutboxProblem) in try store.recordMail(attempt) }
            } catch {
                if order != .work { return }
                waker.wait(milliseconds: Self.storagePauseMilliseconds)
            }
        }
    }
}
