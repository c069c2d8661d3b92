import Glibc
import PosthornSystem
import Synchronization

/// Asks name servers on threads of its own, because libcurl's way stops a whole multi handle for seconds when a name
/// server does not answer, and starts a thread for each name. Whose turn it is, and how many there are, says ``NameTurns``.
///
/// Threads start when they are needed: one more than there are look-ups, so that there is always one that sees when a look-up
/// has become slow and the next name may go.
final class NameResolver: Sendable {
    typealias Completion = @Sendable (NameAnswer) -> Void
    typealias Lookup = NameLookup

    private struct State {
        var turns: NameTurns
        var asked: [String: [Completion]] = [:]
        var threads = 0
        var idle = 0
        var isStopped = false
        /// Who waits for a look at the name servers themselves.
        var checks: [@Sendable (NameLateness) -> Void] = []
    }

    private let state: Mutex<State>
    private let waker: Waker
    private let configuration: ResolverConfiguration
    private let lookup: Lookup
    private let serversAnswer: @Sendable () -> Bool?

    /// How long an idle thread sleeps while names wait that may not go yet.
    private static let patienceMilliseconds: Int64 = 50

    /// - Parameters:
    ///   - configuration: Threads and limits.
    ///   - lookup: Asks for one name and blocks meanwhile; the system's getaddrinfo unless a test brings its own.
    ///   - serversAnswer: Asks whether any name server answers anything, and blocks meanwhile; `nil` when that cannot be found out.
    init(
        _ configuration: ResolverConfiguration,
        lookup: @escaping Lookup = SystemLookup.ask,
        serversAnswer: @escaping @Sendable () -> Bool? = NameServers.answer
    ) throws(SystemProblem) {
        self.configuration = configuration
        self.lookup = lookup
        self.serversAnswer = serversAnswer
        let turns = NameTurns(
            fastLimit: configuration.threads,
            slowLimit: configuration.slowThreads,
            queueLimit: configuration.queueLimit
        )
        state = Mutex(State(turns: turns))
        waker = try Waker()
    }

    /// Asks for a name. `completion` is called once, on a thread of the resolver or at once on the caller's.
    /// - Parameter owners: Whose endpoint needs it: the ids of the nodes from the top of the hierarchy down to its own.
    func resolve(_ host: String, for owners: [String] = [], completion: @escaping Completion) {
        let refusal = state.withLock { state -> NameAnswer? in
            if state.isStopped { return .failure("the sender is stopping") }
            let name = NameTurns.Name(host: host, owners: owners, domain: Self.domain(of: host))
            if state.asked[host] != nil {
                state.asked[host]?.append(completion)
                _ = state.turns.join(name)
                return nil
            }
            guard state.turns.add(name) else { return .noRoom }
            state.asked[host] = [completion]
            return startThread(&state) ? nil : .noRoom
        }
        if let refusal { completion(refusal) } else { waker.signal() }
    }

    /// Says that someone else needs a name that was asked for: it may have its turn sooner then.
    func join(_ host: String, for owners: [String]) {
        let name = NameTurns.Name(host: host, owners: owners, domain: Self.domain(of: host))
        if state.withLock({ $0.turns.join(name) }) { waker.signal() }
    }

    /// Finds out why a name that was asked for has no answer yet. `completion` is called once, like that of a look-up.
    /// - Parameter nanoseconds: How long a look-up must have lasted for the name to count as asked for.
    func whyLate(_ host: String, after nanoseconds: Int64, completion: @escaping @Sendable (NameLateness) -> Void) {
        let now = MonotonicClock.nanoseconds()
        let (hasBegun, isFirst) = state.withLock { state in
            guard state.turns.isRunning(host, for: nanoseconds, now: now) else { return (false, false) }
            state.checks.append(completion)
            return (true, state.checks.count == 1)
        }
        if !hasBegun { return completion(.notAsked) }
        if isFirst { check() }
    }

    private func check() {
        let thread = try? WorkerThread(name: "posthorn-names") { [self] in
            pthread_detach(pthread_self())
            tellChecks(NameLateness(serversAnswer: serversAnswer()))
        }
        if thread == nil { tellChecks(.notAsked) }
    }

    private func tellChecks(_ lateness: NameLateness) {
        let checks = state.withLock { state in
            defer { state.checks = [] }
            return state.checks
        }
        for check in checks { check(lateness) }
    }

    /// Ends the threads; one that waits for a name server ends when that has answered.
    func stop() {
        state.withLock { $0.isStopped = true }
        waker.signal()
    }

    /// Whose a name is, as far as the name says: its last two labels, or three behind the likes of `co.uk`.
    static func domain(of host: String) -> String {
        let labels = host.split(separator: ".")
        guard labels.count > 2 else { return labels.joined(separator: ".") }
        let isShared = labels[labels.count - 1].utf8.count == 2 && labels[labels.count - 2].utf8.count <= 3
        return labels.suffix(isShared ? 3 : 2).joined(separator: ".")
    }

    /// Sees to it that a thread is idle while names wait. Says `false` when there is none at all, and then nothing waits.
    private func startThread(_ state: inout State) -> Bool {
        if !state.turns.hasWaiting || state.idle > 0 || state.threads > state.turns.limit { return true }
        do {
            // Nobody waits for a thread that may hang in a look-up: it gives itself back to the system.
            _ = try WorkerThread(name: "posthorn-names") { [self] in
                pthread_detach(pthread_self())
                work()
            }
            state.threads += 1
            return true
        } catch {
            if state.threads > 0 { return true }
            for name in state.turns.removeAll() { state.asked[name.host] = nil }
            return false
        }
    }

    private enum Task {
        case look(host: String)
        case wait(milliseconds: Int64?)
        case end
    }

    private func work() {
        SystemLookup.boundThisThread()
        while true {
            switch state.withLock({ nextTask(&$0) }) {
            case .look(let host): answer(host)
            case .wait(let milliseconds):
                waker.wait(milliseconds: milliseconds)
                state.withLock { $0.idle -= 1 }
            case .end:
                waker.signal()
                return
            }
        }
    }

    private func nextTask(_ state: inout State) -> Task {
        if state.isStopped { return .end }
        guard let name = state.turns.next(now: MonotonicClock.nanoseconds()) else {
            state.idle += 1
            return .wait(milliseconds: state.turns.hasWaiting ? Self.patienceMilliseconds : nil)
        }
        if state.turns.hasWaiting && state.idle > 0 { waker.signal() }
        _ = startThread(&state)
        return .look(host: name.host)
    }

    private func answer(_ host: String) {
        let answer = lookup(host)
        let completions = state.withLock { state -> [Completion] in
            state.turns.finished(host, now: MonotonicClock.nanoseconds())
            return state.asked.removeValue(forKey: host) ?? []
        }
        for completion in completions { completion(answer) }
    }
}
