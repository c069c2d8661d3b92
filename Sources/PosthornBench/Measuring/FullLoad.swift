import Glibc
import Posthorn
import PosthornBenchReports
import PosthornSystem
import Synchronization

/// As many events as an engine in this process delivers.
final class FullLoad {
    private let emitter: OpenEmitter
    private let engine: Engine
    private let sink: LateSink
    /// Deliveries that may be under way.
    var underWay = 1024

    /// What one run has shown, in milliseconds.
    struct Round {
        /// Events that were delivered a second.
        let perSecond: Double
        /// How long it took from the time when an event was due until emit returned.
        let emits: Sample
        /// How long it took from there until its request came.
        let requests: Sample
    }

    init(emitter: OpenEmitter, engine: Engine, sink: LateSink) {
        self.emitter = emitter
        self.engine = engine
        self.sink = sink
    }

    /// Callers emit one event at a time, each as soon as the one before has returned and no more than may be are under way.
    func run(seconds: Int) throws -> Round {
        let start = MonotonicClock.nanoseconds()
        let end = start + Int64(seconds) * 1_000_000_000
        let before = engine.statistics.delivered
        let emitted = Atomic(0)
        let found = Mutex<[Double]>([])
        let fanOut = emitter.load.fanOut
        try emitter.inTeam {
            var own: [Double] = []
            while case let now = MonotonicClock.nanoseconds(), now < end {
                if emitted.load(ordering: .relaxed) * fanOut - (engine.statistics.delivered - before) > underWay {
                    usleep(1000)
                    continue
                }
                try emitter.emit(emitted.add(1, ordering: .relaxed).oldValue, due: now)
                own.append(Double(MonotonicClock.nanoseconds() - now) / 1e6)
            }
            found.withLock { $0 += own }
        }
        return finish(found.withLock { $0 }, events: emitted.load(ordering: .relaxed), since: start)
    }

    /// An open model: each event is due at a time of its own, whatever became of those before it.
    func run(perSecond: Double, seconds: Int) throws -> Round {
        let schedule = OpenSchedule(start: MonotonicClock.nanoseconds() + 10_000_000, perSecond: perSecond)
        let emits = try emitter.emit(schedule, seconds: seconds)
        return finish(emits, events: schedule.count(seconds: seconds), since: schedule.start)
    }

    private func finish(_ emits: [Double], events: Int, since start: Int64) -> Round {
        while sink.count < events * emitter.load.fanOut || engine.statistics.claimed > 0 { usleep(500) }
        let elapsed = Double(MonotonicClock.nanoseconds() - start) / 1e9
        return Round(perSecond: Double(events) / elapsed, emits: Sample(emits), requests: Sample(sink.take()))
    }
}
