import PosthornStore
import PosthornSystem

/// Says once that work beside the deliveries finds the outbox unusable, and once that it does so no more. A value; times are monotonic
/// nanoseconds.
struct WorkWatch {
    private let work: EngineWork
    private let listeners: EngineListeners
    private var since: Int64?
    private(set) var problem: OutboxProblem?

    /// How long it is tried again before an engine that ends once all is settled waits for it no more.
    static let patienceNanoseconds: Int64 = 10_000_000_000

    init(_ work: EngineWork, _ listeners: EngineListeners) { (self.work, self.listeners) = (work, listeners) }

    /// It could not be read or written.
    /// - Returns: Whether that has been so for too long.
    mutating func failed(_ error: any Error, at now: Int64 = MonotonicClock.nanoseconds()) -> Bool {
        let problem = OutboxError.of(error).storeProblem
        if since == nil { listeners.tell(.workFailed(work, .init(problem))) }
        let first = since ?? now
        since = first
        self.problem = problem
        return now - first >= Self.patienceNanoseconds
    }

    /// It could be.
    mutating func succeeded() {
        if since == nil { return }
        since = nil
        problem = nil
        listeners.tell(.workRecovered(work))
    }
}

extension OutboxError {
    /// The problem of the store; any other error in its form.
    var storeProblem: OutboxProblem {
        if case .store(let problem) = self { return problem }
        return OutboxProblem(.other, description)
    }
}
