import Posthorn
import PosthornBenchReports
import PosthornModel
import PosthornSystem
import Synchronization

/// Callers that emit a workload's events, each of which carries the time when it was due.
struct OpenEmitter {
    let outbox: Outbox
    let load: Workload
    /// Threads that emit.
    let callers: Int

    /// Emits every event of so many seconds at its time, and says how many milliseconds after it emit returned.
    func emit(_ schedule: OpenSchedule, seconds: Int) throws -> [Double] {
        let next = Atomic(0)
        let count = schedule.count(seconds: seconds)
        let found = Mutex<[Double]>([])
        try inTeam {
            while case let number = next.add(1, ordering: .relaxed).oldValue, number < count {
                let due = schedule.due(number)
                MonotonicClock.wait(until: due)
                try emit(number, due: due)
                let late = Double(MonotonicClock.nanoseconds() - due) / 1e6
                found.withLock { $0.append(late) }
            }
        }
        return found.withLock { $0 }
    }

    /// Emits one event; its number says of which type.
    func emit(_ number: Int, due: Int64) throws {
        let data = DueMark.data(at: due, bytes: load.payloadBytes)
        _ = try outbox.emit(NewEvent(type: "bench.\(number % load.groups)", node: "bench", data: data))
    }

    /// Runs the same work on every caller's thread.
    func inTeam(_ work: () throws -> Void) throws {
        let failure = Mutex<(any Error)?>(nil)
        ThreadTeam.run(callers) {
            do { try work() } catch { failure.withLock { $0 = error } }
        }
        if let problem = failure.withLock({ $0 }) { throw problem }
    }
}
