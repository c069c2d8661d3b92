import CPosthornLinux
import Glibc
import PosthornSystem
import Synchronization

/// What a name server said, or why it said nothing.
enum NameAnswer: Sendable, Hashable {
    /// The addresses, in the system's order of preference.
    case addresses([NetworkAddress])
    /// The system's words for the failure.
    case failure(String)
    /// This process has no descriptor left to ask with.
    case noDescriptor

    /// Whether it is the answer that there is none.
    var isFailure: Bool { if case .failure = self { true } else { false } }
}

/// Asks name servers on threads of its own, because libcurl's way stops a whole multi handle for seconds when a name
/// server does not answer, and starts a thread for each name.
///
/// The threads are few and start when they are needed. A name whose look-up took long is a suspect, and suspects may
/// occupy only half of the threads, so names that nobody serves do not hold back the others for good. Nor may the names of one
/// domain have more than half of the threads and of the queue: whoever owns it makes as many as he likes.
final class NameResolver: Sendable {
    typealias Completion = @Sendable (NameAnswer) -> Void
    typealias Lookup = @Sendable (String) -> NameAnswer

    private struct State {
        var waiting: [(host: String, domain: String)] = []
        var asked: [String: [Completion]] = [:]
        /// How many names of each domain are asked for, and how many of these threads are at.
        var askedOf: [String: Int] = [:]
        var busyWith: [String: Int] = [:]
        var suspects: Set<String> = []
        var threads = 0
        var idle = 0
        var busyWithSuspects = 0
        var isStopped = false
    }

    private let state = Mutex(State())
    private let waker: Waker
    private let configuration: ResolverConfiguration
    private let lookup: Lookup

    /// - Parameters:
    ///   - configuration: Threads and limits.
    ///   - lookup: Asks for one name and blocks meanwhile; the system's getaddrinfo unless a test brings its own.
    init(_ configuration: ResolverConfiguration, lookup: @escaping Lookup = SystemLookup.ask) throws(SystemProblem) {
        self.configuration = configuration
        self.lookup = lookup
        waker = try Waker()
    }

    /// Asks for a name. `completion` is called once, on a thread of the resolver or at once on the caller's.
    func resolve(_ host: String, completion: @escaping Completion) {
        let refusal: String? = state.withLock { state in
            if state.isStopped { return "the sender is stopping" }
            if state.asked[host] != nil {
                state.asked[host]?.append(completion)
                return nil
            }
            if state.asked.count >= configuration.queueLimit { return "\(configuration.queueLimit) names are waiting already" }
            let domain = Self.domain(of: host)
            if state.askedOf[domain, default: 0] >= max(1, configuration.queueLimit / 2) {
                return "\(configuration.queueLimit / 2) names of \(domain) are waiting already"
            }
            state.asked[host] = [completion]
            state.askedOf[domain, default: 0] += 1
            state.waiting.append((host, domain))
            return startThread(&state)
        }
        if let refusal { completion(.failure(refusal)) } else { waker.signal() }
    }

    /// Ends the threads; one that waits for a name server ends when that has answered.
    func stop() {
        state.withLock { $0.isStopped = true }
        waker.signal()
    }

    /// Whose a name is, as far as the name tells: its last two labels, or three behind the likes of `co.uk`.
    static func domain(of host: String) -> String {
        let labels = host.split(separator: ".")
        guard labels.count > 2 else { return labels.joined(separator: ".") }
        let isShared = labels[labels.count - 1].utf8.count == 2 && labels[labels.count - 2].utf8.count <= 3
        return labels.suffix(isShared ? 3 : 2).joined(separator: ".")
    }

    private func startThread(_ state: inout State) -> String? {
        if state.waiting.count <= state.idle || state.threads >= max(1, configuration.threads) { return nil }
        do {
            // Nobody waits for a thread that may hang in a look-up: it gives itself back to the system.
            _ = try WorkerThread(name: "posthorn-names") { [self] in
                pthread_detach(pthread_self())
                work()
            }
            state.threads += 1
            return nil
        } catch {
            if state.threads > 0 { return nil }
            state.waiting.removeAll()
            state.asked.removeAll()
            state.askedOf.removeAll()
            return "\(error)"
        }
    }

    private enum Task {
        case look(host: String, domain: String, isSuspect: Bool)
        case wait
        case end
    }

    private func work() {
        SystemLookup.boundThisThread()
        while true {
            switch state.withLock({ nextTask(&$0) }) {
            case .look(let host, let domain, let isSuspect): answer(host, domain, isSuspect)
            case .wait:
                waker.wait(milliseconds: nil)
                state.withLock { $0.idle -= 1 }
            case .end:
                waker.signal()
                return
            }
        }
    }

    private func nextTask(_ state: inout State) -> Task {
        if state.isStopped { return .end }
        guard let next = takeNext(&state) else {
            state.idle += 1
            return .wait
        }
        if !state.waiting.isEmpty && state.idle > 0 { waker.signal() }
        return next
    }

    private func takeNext(_ state: inout State) -> Task? {
        let half = max(1, configuration.threads / 2)
        let mayTakeSuspect = state.busyWithSuspects < half
        let index = state.waiting.firstIndex { name in
            (mayTakeSuspect || !state.suspects.contains(name.host)) && state.busyWith[name.domain, default: 0] < half
        }
        guard let index else { return nil }
        let (host, domain) = state.waiting.remove(at: index)
        let isSuspect = state.suspects.contains(host)
        if isSuspect { state.busyWithSuspects += 1 }
        state.busyWith[domain, default: 0] += 1
        return .look(host: host, domain: domain, isSuspect: isSuspect)
    }

    private func answer(_ host: String, _ domain: String, _ wasSuspect: Bool) {
        let start = MonotonicClock.nanoseconds()
        let answer = lookup(host)
        let tookLong = MonotonicClock.nanoseconds() - start > 1_000_000_000
        let completions = state.withLock { state -> [Completion] in
            if wasSuspect { state.busyWithSuspects -= 1 }
            Self.countDown(&state.busyWith, domain)
            Self.countDown(&state.askedOf, domain)
            if tookLong, state.suspects.count < configuration.queueLimit {
                state.suspects.insert(host)
            } else if !tookLong {
                state.suspects.remove(host)
            }
            return state.asked.removeValue(forKey: host) ?? []
        }
        for completion in completions { completion(answer) }
        // A suspect that had to wait may be taken now.
        if wasSuspect { waker.signal() }
    }

    private static func countDown(_ counts: inout [String: Int], _ domain: String) {
        let left = counts[domain, default: 1] - 1
        counts[domain] = left > 0 ? left : nil
    }
}

/// The system's own resolver: hosts file, name servers, search list, as configured on this machine.
enum SystemLookup {
    /// At most this many addresses of a name are used.
    private static let addressLimit = 16

    /// Shortens the calling thread's patience with each name server, so that a thread is never lost for long.
    static func boundThisThread() { posthorn_bound_resolver(2, 2) }

    static func ask(_ host: String) -> NameAnswer {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &list)
        defer { if list != nil { freeaddrinfo(list) } }
        // Without descriptors the system says that the name is unknown, or that no server answered.
        if status != 0 { return DescriptorBudget.isUsedUp ? .noDescriptor : .failure(String(cString: gai_strerror(status))) }
        var addresses: [NetworkAddress] = []
        var entry = list
        while let current = entry, addresses.count < addressLimit {
            if let raw = current.pointee.ai_addr, let address = NetworkAddress(raw), !addresses.contains(address) {
                addresses.append(address)
            }
            entry = current.pointee.ai_next
        }
        return addresses.isEmpty ? .failure("the name has no address") : .addresses(addresses)
    }
}
