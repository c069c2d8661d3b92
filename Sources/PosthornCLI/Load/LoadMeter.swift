import PosthornLab
import PosthornModel
import PosthornSystem
import Synchronization

/// The line that a terminal shows while a load runs.
final class LoadMeter: Sendable {
    private struct State {
        var requests: UInt64 = 0
        var errors: UInt64 = 0
        var last = MonotonicClock.nanoseconds()
        var text = "starting"
    }

    private let state = Mutex(State())
    private let planned: Int64?
    private let started = MonotonicClock.nanoseconds()

    init(_ plan: LoadPlan) { planned = plan.plannedNanoseconds.map { $0 + plan.warmUpNanoseconds } }

    /// - Parameter news: What has happened since the line before.
    func line(_ news: LoadProgress, at now: Int64 = MonotonicClock.nanoseconds()) -> String {
        state.withLock { state in
            let seconds = max(1e-3, Double(now - state.last) / 1e9)
            state.last = now
            state.requests += news.requests
            state.errors += news.errors
            let rate = HumanText.oneDecimal(Double(news.requests) / seconds)
            var text = "\(HumanText.length(milliseconds: (now - started) / 1_000_000))"
            if let planned { text += " of \(HumanText.length(milliseconds: planned / 1_000_000))" }
            text += ", \(HumanText.grouped(state.requests)) requests, \(rate)/s"
            if news.latencies.count > 0 {
                text += ", p50 \(LoadText.duration(news.latencies.percentile(50))), p99 \(LoadText.duration(news.latencies.percentile(99)))"
            }
            return text + ", \(HumanText.count(state.errors, "error"))"
        }
    }
}
