import Glibc
public import Posthorn
import PosthornMail
import Synchronization

/// An outbox in a folder of its own, with a clock that a test moves and receivers that answer from a closure, without sockets.
///
/// ```swift
/// let test = try TestOutbox { request in request.attempt < 3 ? .status(503) : .ok }
/// _ = try await test.outbox.put(Node(id: "acme", level: .company))
/// _ = try await test.outbox.put(
///     EndpointSettings(id: "crm", node: "acme", url: "https://crm.example/hooks", vendor: .weseedo)
/// )
/// _ = try await test.outbox.emit(NewEvent(type: "ORDER_PAID", node: "acme", data: #"{"id": "1"}"#))
/// try await test.settle()
/// #expect(test.sent.map(\.attempt) == [1, 2, 3])
/// ```
///
/// The vendor's question to a new URL (diio) is answered rightly, and mails are taken, unless closures of your own say otherwise. Addresses
/// are not looked at. What ``Outbox`` itself asks of a receiver (`verify`, `test`, `ask`) goes over a socket as always.
public final class TestOutbox: Sendable {
    /// The outbox.
    public let outbox: Outbox
    /// The time, for the outbox and for engines on it.
    public let clock: ManualClock
    private let folder: String
    private let usualMail: MailConfiguration
    private let answer: @Sendable (SentRequest) -> Answer
    private let answerHandshake: @Sendable (SentHandshake) -> Answer
    private let answerMail: @Sendable (SentMail) -> MailAnswer
    private let requests = Mutex<[SentRequest]>([])
    private let handshakes = Mutex<[SentHandshake]>([])
    private let mails = Mutex<[SentMail]>([])

    /// Makes an outbox, which is deleted with this object.
    /// - Parameters:
    ///   - clock: The time.
    ///   - answer: What receivers answer. All three are called on threads of the engine's.
    ///   - handshake: What receivers answer to their vendor's question to a new URL: what is expected, unless it is said.
    ///   - mail: What the mail server answers: that it takes the mail, unless it is said.
    /// - Throws: ``OutboxError/store(_:)`` when no folder can be made, or the outbox cannot be opened in it.
    public init(
        clock: ManualClock = ManualClock(),
        answer: @escaping @Sendable (SentRequest) -> Answer = { _ in .ok },
        handshake: @escaping @Sendable (SentHandshake) -> Answer = { .status(200, body: $0.expected) },
        mail: @escaping @Sendable (SentMail) -> MailAnswer = { _ in .taken }
    ) throws(OutboxError) {
        var template = Array("\(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")/posthorn-testing-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw .store(OutboxProblem(.access, "\(SystemProblem("mkdtemp", errno))")) }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        do throws(InputProblem) {
            usualMail = MailConfiguration(
                from: try MailAddress("webhooks@platform.example"),
                server: try MailServer("smtp://mail.platform.example")
            )
        } catch {
            throw .input(error)
        }
        self.clock = clock
        self.answer = answer
        answerHandshake = handshake
        answerMail = mail
        outbox = try Outbox(path: folder + "/outbox.db", clock: clock)
    }

    deinit {
        outbox.close()
        for suffix in ["", "-wal", "-shm", "-engine"] { unlink("\(folder)/outbox.db\(suffix)") }
        rmdir(folder)
    }

    /// What went out so far, in order.
    public var sent: [SentRequest] { requests.withLock { $0 } }

    /// Vendors' questions to new URLs so far, in order.
    public var sentHandshakes: [SentHandshake] { handshakes.withLock { $0 } }

    /// Mails about exhausted deliveries so far, in order.
    public var sentMails: [SentMail] { mails.withLock { $0 } }

    /// What went out to a URL so far, in order.
    public func sent(to url: String) -> [SentRequest] { sent.filter { $0.url == url } }

    /// An engine whose requests, questions and mails are answered by the closures.
    /// - Parameters:
    ///   - configuration: How it delivers. Mails come from `webhooks@platform.example` unless it says otherwise.
    ///   - logger: Where its log goes.
    ///   - metrics: Where its counts and times go.
    ///   - log: What it reports.
    /// - Throws: When the system has no descriptor left.
    public func engine(
        _ configuration: EngineConfiguration = EngineConfiguration(),
        logger: (any EngineLogger)? = nil,
        metrics: (any EngineMetrics)? = nil,
        log: (@Sendable (EngineEvent) -> Void)? = nil
    ) throws(SystemProblem) -> Engine {
        var configuration = configuration
        configuration.transport = { [weak self] in self?.carry($0) ?? AttemptOutcome.gone }
        configuration.handshakeTransport = { [weak self] in self?.carry($0) ?? .failure(.connect) }
        var mail = configuration.mail ?? usualMail
        mail.transport = { [weak self] in self?.carry($0) ?? .temporary("the test has ended") }
        configuration.mail = mail
        return try Engine(outbox: outbox, configuration: configuration, logger: logger, metrics: metrics, log: log)
    }

    /// Delivers until every delivery is delivered, exhausted, cancelled or held. The clock is moved to each time at which another attempt
    /// is due, so that no time passes.
    /// - Throws: What ended the engine, or kept it from starting.
    public func settle() async throws(EngineError) {
        var configuration = EngineConfiguration(untilSettled: true)
        configuration.honoursRetryAfter = true
        let engine: Engine
        do throws(SystemProblem) { engine = try self.engine(configuration) } catch { throw .system(error) }
        let updates = engine.updates()
        do throws(OutboxError) {
            if let due = try await outbox.status().nextRetry { clock.advance(to: due) }
        } catch {
            throw .of(error)
        }
        try engine.start()
        for await update in updates {
            if let next = update.nextAttemptAt { clock.advance(to: next) }
        }
        try await engine.stop()
    }

    private func carry(_ question: CarriedQuestion) -> CarriedAnswer {
        let sent = SentHandshake(
            endpoint: question.endpoint,
            url: question.url,
            headers: question.headers,
            expected: question.expected,
            time: question.time
        )
        handshakes.withLock { $0.append(sent) }
        switch answerHandshake(sent) {
        case .status(let status, let body, _): return .status(status, body: Array(body.utf8))
        case .failure(let error): return .failure(error)
        }
    }

    private func carry(_ message: MailMessage) -> MailResult {
        let sent = SentMail(to: message.to, subject: message.subject, text: message.body, time: message.date)
        mails.withLock { $0.append(sent) }
        switch answerMail(sent) {
        case .taken: return .sent
        case .notNow(let reply): return .temporary(reply)
        case .refused(let reply): return .permanent(reply)
        }
    }

    private func carry(_ carried: CarriedRequest) -> AttemptOutcome {
        let request = SentRequest(
            event: carried.event,
            type: carried.type,
            attempt: carried.attempt,
            url: carried.url,
            method: carried.method,
            headers: carried.headers,
            body: carried.body,
            time: carried.time
        )
        requests.withLock { $0.append(request) }
        switch answer(request) {
        case .failure(let error):
            return AttemptOutcome(started: carried.time, durationMicroseconds: 0, error: error, errorText: "as the test has it")
        case .status(let status, let body, let retryAfter):
            let isSuccess = status == 200
            return AttemptOutcome(
                started: carried.time,
                durationMicroseconds: 0,
                status: status,
                error: isSuccess ? nil : .status,
                errorText: isSuccess ? "" : "answered \(status)",
                response: Array(body.utf8.prefix(AttemptOutcome.excerptLimitBytes)),
                retryAfterMilliseconds: retryAfter.map { $0.components.seconds * 1000 }
            )
        }
    }
}

extension AttemptOutcome {
    /// The test's outbox is gone, and with it whom a request could be answered for.
    fileprivate static var gone: AttemptOutcome {
        AttemptOutcome(started: Timestamp(milliseconds: 0), durationMicroseconds: 0, error: .connect, errorText: "the test has ended")
    }
}
