import Glibc
import Posthorn
import PosthornBenchReports
import PosthornModel
import PosthornSystem
import Synchronization

/// Latency on an engine that is busy: at a share of the most that it can do.
struct BusyBenchmark: Benchmark {
    static let name = "busy"
    static let summary = "latency at half of peak load, from the time when an event is due to its request"
    static let explanation = """
        First finds peak load: callers emit one event at a time as fast as emit returns, while the engine in the same process
        delivers, with a bounded number of deliveries under way. Then they emit at a share of that rate in an open model: each
        event is due at a time of its own, however slow the ones before it were, and latency counts from that time to the
        request at the receiver, flush to disk included.
        """
    static let example = "posthorn-bench busy --share 50 --seconds 10"
    static var options: [BenchOption<Self>] {
        [
            .count("--share", "PERCENT", "of peak load", \.share),
            .count("--seconds", "N", "how long each of the two parts takes", \.seconds),
            .count("--callers", "N", "threads that emit", \.callers),
            .count("--fan-out", "N", "endpoints that get each event", \.load.fanOut),
            .count("--endpoints", "N", "endpoints in all", \.load.endpoints),
            .count("--payload", "BYTES", "size of an event's data", \.load.payloadBytes),
            .count("--threads", "N", "sender threads", \.threads),
        ]
    }

    var load = Workload()
    var share = 50
    var seconds = 10
    var callers = 64
    var threads = 2

    /// Deliveries that may be under way while peak load is looked for; the engine's own window has 4096.
    private static let underWayLimit = 8192

    func check() throws {
        try load.check()
        if share > 200 { throw BenchProblem.usage("--share is at most 200") }
    }

    func run() throws -> any BenchResult {
        let sink = try LateSink()
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let outbox = try Outbox(path: folder.database)
        defer { outbox.close() }
        _ = try outbox.apply(try load.topology(port: sink.port))
        let sender = try Workload.senderConfiguration(threads: threads)
        let engine = try Engine(outbox: outbox, configuration: EngineConfiguration(sender: sender))
        try engine.start()
        Progress.tell("looking for peak load")
        let emitter = OpenEmitter(outbox: outbox, load: load, callers: callers)
        let peak = try peakPerSecond(emitter, engine)
        while engine.statistics.claimed > 0 || sink.count < engine.statistics.delivered { usleep(1000) }
        _ = sink.take()
        let schedule = OpenSchedule(start: MonotonicClock.nanoseconds() + 10_000_000, perSecond: peak * Double(share) / 100)
        Progress.tell("emitting at \(share) % of peak load")
        let before = engine.statistics.delivered
        let emits = try emitter.emit(schedule, seconds: seconds)
        let expected = schedule.count(seconds: seconds) * load.fanOut
        while sink.count < expected { usleep(1000) }
        let elapsed = Double(MonotonicClock.nanoseconds() - schedule.start) / 1e9
        Progress.end()
        let late = Sample(sink.take())
        let emitted = Sample(emits)
        try engine.stop()
        guard engine.statistics.delivered - before <= expected else { throw BenchProblem("more was delivered than emitted") }
        return FigureList(
            title: "Events of \(load.payloadBytes) bytes, fan-out \(load.fanOut), \(callers) callers, at \(share) % of peak load "
                + "for \(seconds) s; latency from the time when an event is due",
            settings: [
                ("share_percent", share), ("seconds", seconds), ("callers", callers), ("fan_out", load.fanOut),
                ("endpoints", load.endpoints), ("payload_bytes", load.payloadBytes), ("threads", threads),
            ],
            figures: [
                .init("peak_deliveries_per_second", "deliveries/s at peak", peak * Double(load.fanOut)),
                .init("offered_deliveries_per_second", "deliveries/s offered", schedule.perSecond * Double(load.fanOut)),
                .init("deliveries_per_second", "deliveries/s until the last one had arrived", Double(expected) / elapsed),
                .init("due_to_request_p50_ms", "ms from due to the request, p50", late.percentile(50)),
                .init("due_to_request_p90_ms", "p90", late.percentile(90)),
                .init("due_to_request_p99_ms", "p99", late.percentile(99)),
                .init("due_to_request_p999_ms", "p99.9", late.percentile(99.9)),
                .init("due_to_request_max_ms", "largest", late.largest),
                .init("due_to_emitted_p50_ms", "ms from due until emit returns, p50", emitted.percentile(50)),
                .init("due_to_emitted_p99_ms", "p99", emitted.percentile(99)),
            ]
        )
    }

    /// Events a second, after a second in which everything grows warm.
    private func peakPerSecond(_ emitter: OpenEmitter, _ engine: Engine) throws -> Double {
        let start = MonotonicClock.nanoseconds()
        let end = start + Int64(seconds + 1) * 1_000_000_000
        let emitted = Atomic(0)
        let fanOut = load.fanOut
        let warm = Mutex<(at: Int64, delivered: Int)?>(nil)
        try emitter.inTeam {
            while case let now = MonotonicClock.nanoseconds(), now < end {
                if now - start > 1_000_000_000 {
                    warm.withLock { if $0 == nil { $0 = (now, engine.statistics.delivered) } }
                }
                if emitted.load(ordering: .relaxed) * fanOut - engine.statistics.delivered > Self.underWayLimit {
                    usleep(500)
                    continue
                }
                let number = emitted.add(1, ordering: .relaxed).oldValue
                try emitter.emit(number, due: now)
            }
        }
        guard let from = warm.withLock({ $0 }) else { throw BenchProblem("peak load was not found") }
        let seconds = Double(MonotonicClock.nanoseconds() - from.at) / 1e9
        return Double(engine.statistics.delivered - from.delivered) / Double(fanOut) / seconds
    }
}
