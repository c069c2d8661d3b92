public import PosthornHTTP
public import PosthornSystem
import Synchronization

/// A receiver of webhooks that listens, remembers, and misbehaves on request: the machinery behind `posthorn receive`.
public final class Receiver: Sendable {
    /// Looks at a request's signature.
    public typealias Check = @Sendable (HTTPRequest) -> ReceiverVerdict
    /// Is told of each request, on a thread of the server or of the relay, before the answer goes out.
    public typealias Observer = @Sendable (ReceivedRequest, HTTPRequest) -> Void

    private final class Shared: Sendable {
        let decisions: Mutex<ReceiverDecisions>
        let configuration: ReceiverConfiguration
        let clock: any PosthornClock
        let delays: DelayQueue
        let check: Check
        let observe: Observer?

        init(
            _ configuration: ReceiverConfiguration,
            _ clock: any PosthornClock,
            _ delays: DelayQueue,
            _ check: @escaping Check,
            _ observe: Observer?
        ) {
            decisions = Mutex(ReceiverDecisions(configuration))
            self.configuration = configuration
            self.clock = clock
            self.delays = delays
            self.check = check
            self.observe = observe
        }

        func handle(_ request: HTTPRequest, _ responder: HTTPResponder) {
            let reading = ReceiverDecisions.read(request, configuration, check: check)
            let now = clock.now()
            let draft = decisions.withLock { $0.draft(request, reading, at: now) }
            guard let relay = configuration.relay, draft.isTaken else { return finish(request, draft, responder) }
            if relay.answersAtOnce {
                relay.pass(request, times: draft.timesPassedOn) { _ in }
                return finish(request, draft, responder)
            }
            relay.pass(request, times: draft.timesPassedOn) { [self] in finish(request, draft, responder, relayed: $0) }
        }

        private func finish(
            _ request: HTTPRequest,
            _ draft: ReceiverDecisions.Draft,
            _ responder: HTTPResponder,
            relayed: HTTPResponse? = nil
        ) {
            let decision = decisions.withLock { $0.settle(draft, request, relayed: relayed) }
            observe?(decision.arrival, request)
            let delay = decision.arrival.delayMilliseconds
            if delay == 0 { return responder.respond(decision.response) }
            let isGone = SharedMark()
            if decision.accepts != nil { responder.whenClientIsGone { isGone.set() } }
            delays.schedule(afterMilliseconds: delay) { [self] in
                // A sender that has given up meanwhile will try again, and that is no duplicate.
                if let key = decision.accepts, !isGone.isSet { decisions.withLock { $0.answered(key) } }
                responder.respond(decision.response)
            }
        }
    }

    private let shared: Shared
    private let server: HTTPServer
    private let stopped = Mutex(false)

    /// Listens.
    /// - Parameters:
    ///   - server: Where, and within which limits.
    ///   - configuration: How it behaves.
    ///   - clock: Where arrival times come from.
    ///   - check: Looks at signatures.
    ///   - observe: Is told of each request.
    /// - Throws: ``HTTPServerProblem`` when it cannot listen there, ``SystemProblem`` when the system has no thread left.
    public init(
        server: HTTPServerConfiguration,
        configuration: ReceiverConfiguration = ReceiverConfiguration(),
        clock: any PosthornClock = SystemClock(),
        check: @escaping Check = { _ in .unchecked },
        observe: Observer? = nil
    ) throws {
        let delays = try DelayQueue()
        let shared = Shared(configuration, clock, delays, check, observe)
        self.shared = shared
        do {
            self.server = try HTTPServer(configuration: server, respondingLater: { shared.handle($0, $1) })
        } catch {
            delays.end()
            throw error
        }
    }

    deinit { stop() }

    /// The port it listens on.
    public var port: Int { server.port }

    /// What it has counted so far.
    public var counts: ReceiverCounts { shared.decisions.withLock(\.counts) }

    /// Takes no more requests and answers those that wait at once. The second call does nothing.
    public func stop() {
        stopped.withLock { stopped in
            if stopped { return }
            stopped = true
            shared.configuration.relay?.end()
            shared.delays.end()
            server.stop()
        }
    }
}

/// A mark that one thread sets and another one looks at.
private final class SharedMark: Sendable {
    private let mark = Atomic(false)

    var isSet: Bool { mark.load(ordering: .acquiring) }

    func set() { mark.store(true, ordering: .releasing) }
}
