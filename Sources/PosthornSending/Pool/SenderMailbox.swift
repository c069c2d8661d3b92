import PosthornSystem
import Synchronization

/// What other threads hand to a sender thread: jobs, answers of name servers and orders. Small, and locked for moments only.
final class SenderMailbox: Sendable {
    /// What has come in since the thread last looked.
    struct Letters {
        var jobs: [SendJob] = []
        var names: [(host: String, answer: NameAnswer)] = []
        var latenesses: [(host: String, lateness: NameLateness)] = []
        var recalls: [(keys: Set<Int64>?, forgetting: Bool)] = []
    }

    /// What the thread is to do as long as nothing else is said.
    enum Order: Int, Comparable {
        case work, pause, drain, stop, cut, abort
        static func < (a: Order, b: Order) -> Bool { a.rawValue < b.rawValue }
    }

    private struct State {
        var letters = Letters()
        var isEmpty = true
        var order = Order.work
        var isAsleep = false
    }

    let waker: Waker
    private let state = Mutex(State())
    private let working = Atomic(true)
    /// When requests must have started, by ``BootClock``.
    private let end = Atomic(Int64.max)

    /// Whether requests may start. Looked at before each of them, so that none follows an order to pause but those that are
    /// leaving at that very moment; the order itself is read once a turn.
    var isWorking: Bool { working.load(ordering: .acquiring) && !isOver }

    private var isOver: Bool {
        let end = end.load(ordering: .acquiring)
        return end != .max && BootClock.nanoseconds() >= end
    }

    /// Says until when requests may start, by ``BootClock``; until something else is said for `nil`.
    func mayStart(until moment: Int64?) {
        end.store(moment ?? .max, ordering: .releasing)
        waker.signal()
    }

    init() throws(SystemProblem) { waker = try Waker() }

    func post(_ jobs: [SendJob]) {
        deliver { $0.jobs.isEmpty ? $0.jobs = jobs : $0.jobs.append(contentsOf: jobs) }
    }

    func post(host: String, _ answer: NameAnswer) { deliver { $0.names.append((host, answer)) } }

    func post(host: String, lateness: NameLateness) { deliver { $0.latenesses.append((host, lateness)) } }

    func postRecall(_ keys: Set<Int64>?, forgetting: Bool) { deliver { $0.recalls.append((keys, forgetting)) } }

    /// Gives an order. Stopping can't be taken back, and a drain only gives way to the end.
    func order(_ order: Order) {
        state.withLock { state in
            if state.order < .drain || order > state.order { state.order = order }
            working.store(state.order == .work, ordering: .releasing)
        }
        waker.signal()
    }

    /// The order that is in force, and the letters. An empty answer costs no allocation.
    func open() -> (order: Order, letters: Letters?) {
        state.withLock { state in
            let order = inForce(state.order)
            if state.isEmpty { return (order, nil) }
            let letters = state.letters
            state.letters = Letters()
            state.isEmpty = true
            return (order, letters)
        }
    }

    /// Says that the thread is about to sleep; `false` when something has come in meanwhile.
    func fallAsleep(_ seen: Order) -> Bool {
        state.withLock { state in
            guard state.isEmpty, inForce(state.order) == seen else { return false }
            state.isAsleep = true
            return true
        }
    }

    /// Says that the thread is awake: from here on nobody needs to wake it.
    func wakeUp() { state.withLock { $0.isAsleep = false } }

    private func inForce(_ order: Order) -> Order { order == .work && isOver ? .pause : order }

    private func deliver(_ write: (inout Letters) -> Void) {
        let wasAsleep = state.withLock { state in
            write(&state.letters)
            state.isEmpty = false
            return state.isAsleep
        }
        if wasAsleep { waker.signal() }
    }
}
