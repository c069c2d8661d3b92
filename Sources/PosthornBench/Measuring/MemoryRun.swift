import Dispatch
import PosthornBenchReports
import PosthornModel
import PosthornSending
import PosthornFormats
import PosthornSystem
import Synchronization

/// Sends a workload from memory through the engine's own senders and composers, and records nothing.
final class MemoryRun: Sendable {
    private let jobs: [SendJob]
    private let state: Mutex<State>
    private let done = DispatchSemaphore(value: 0)

    private struct State {
        var next = 0
        var finished = 0
        var failures = 0
        var pool: SenderPool?
    }

    /// Jobs that the senders have at once; the engine's own window is the same.
    private static let window = 4096

    private init(_ workload: Workload, port: Int) throws {
        let data = workload.data
        let now = SystemClock().now()
        let targets = try (0..<workload.endpoints).map { number in
            let settings = try workload.endpoint(number, port: port)
            return SendTarget(
                key: Int64(number + 1),
                url: try EndpointURL(settings.url),
                method: settings.method,
                timeoutMilliseconds: settings.timeoutMilliseconds,
                inFlightLimit: settings.inFlightLimit,
                ratePerSecond: nil,
                composer: try EndpointComposer(settings, now: now)
            )
        }
        var random = SystemRandomNumberGenerator()
        jobs = (0..<workload.events).flatMap { number in
            let group = number % workload.groups
            let id = EventID.make(at: now, random: random.next())
            let event = AcceptedEvent(Event(id: id, type: "bench.\(group)", node: "bench", created: now, data: data))
            return (0..<workload.fanOut).map { place in
                let target = targets[group * workload.fanOut + place]
                return SendJob(id: Int64(number * workload.fanOut + place + 1), attempt: 1, event: event, target: target)
            }
        }
        state = Mutex(State())
    }

    /// Sends everything and says what it took.
    static func of(_ workload: Workload, threads: Int, port: Int) throws -> Measurement {
        let run = try MemoryRun(workload, port: port)
        let pool = try SenderPool(try Workload.senderConfiguration(threads: threads, caFile: workload.caFile), clock: SystemClock()) {
            run.take($0)
        }
        run.state.withLock { $0.pool = pool }
        let measurement = Measurement.of {
            run.feed()
            run.done.wait()
        }
        run.state.withLock { $0.pool = nil }
        pool.stop()
        let failures = run.state.withLock { $0.failures }
        if failures > 0 { throw BenchProblem("\(failures) of \(run.jobs.count) requests failed") }
        return measurement
    }

    /// Fills the window once half of it is free, so that one hand-over serves many.
    private func feed() {
        let (batch, pool) = state.withLock { state -> (ArraySlice<SendJob>, SenderPool?) in
            let open = state.next - state.finished
            guard open <= Self.window / 2 else { return ([], nil) }
            let end = min(jobs.count, state.next + Self.window - open)
            defer { state.next = end }
            return (jobs[state.next..<end], state.pool)
        }
        if !batch.isEmpty { pool?.submit(Array(batch)) }
    }

    private func take(_ results: [SendResult]) {
        let isDone = state.withLock { state in
            state.finished += results.count
            state.failures += results.count { !$0.outcome.succeeded }
            return state.finished == jobs.count
        }
        if isDone { done.signal() } else { feed() }
    }
}
