import PosthornModel
import Synchronization

/// Adds up what the threads of a load measure while it runs, and ends it when one of its bounds holds.
final class StopWatch: Sendable {
    private let bounds: [StopBound]
    private let timeoutNanoseconds: Int64
    private let start: Int64
    private let end: @Sendable () -> Void
    private let state = Mutex((measured: LoadMeasurements(), stop: LoadStop?.none))

    /// - Parameters:
    ///   - start: When the measured part begins, in monotonic nanoseconds.
    ///   - end: Ends the load; called once.
    init(_ plan: LoadPlan, start: Int64, end: @escaping @Sendable () -> Void) {
        bounds = plan.stopBounds
        timeoutNanoseconds = plan.timeoutNanoseconds
        self.start = start
        self.end = end
    }

    /// Why the load was ended; `nil` where it was not.
    var stop: LoadStop? { state.withLock(\.stop) }

    /// Takes what a thread has measured since it was here last.
    /// - Parameter now: Monotonic nanoseconds.
    func take(_ measured: LoadMeasurements, now: Int64) {
        let isNew = state.withLock { state in
            if state.stop != nil { return false }
            state.measured.merge(measured)
            let outcome = LoadOutcome(state.measured, nanoseconds: max(1, now - start), timeoutNanoseconds: timeoutNanoseconds)
            for bound in bounds {
                guard let reason = bound.reason(outcome) else { continue }
                state.stop = LoadStop(bound: bound.text, measured: reason, nanoseconds: max(0, now - start))
                return true
            }
            return false
        }
        if isNew { end() }
    }
}
