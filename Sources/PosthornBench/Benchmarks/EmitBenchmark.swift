import CPosthornFlushDelay
import Posthorn
import PosthornBenchReports
import PosthornModel
import PosthornSystem
import Synchronization

/// Events a second through the library: in batches, by one caller, and by many at once who share flushes.
struct EmitBenchmark: Benchmark {
    static let name = "emit"
    static let summary = "events stored a second: batches of 1000, one caller, many callers"
    static let explanation = """
        Stores events with their deliveries through the library, each call durable when it returns: in batches of 1000, one by
        one from a single thread, and one by one from many threads at once. --flush-ms makes every flush to disk slower by so
        much, to see what sharing flushes is worth on such a disk.
        """
    static let example = "posthorn-bench emit --flush-ms 5 --events 2000"
    static var options: [BenchOption<Self>] {
        [
            .count("--events", "N", "events stored in each of the three ways", \.load.events),
            .count("--fan-out", "N", "endpoints that get each event", \.load.fanOut),
            .count("--endpoints", "N", "endpoints in all", \.load.endpoints),
            .count("--payload", "BYTES", "size of an event's data", \.load.payloadBytes),
            .count("--callers", "N", "threads that emit at once", \.callers),
            .text("--flush-ms", "N", "milliseconds that every flush takes longer", \.flushMilliseconds),
        ]
    }

    var load = Workload()
    var callers = 64
    var flushMilliseconds = "0"

    /// What one way of storing events took.
    private struct Way {
        let events: Int
        let measurement: Measurement
        let commits: Int
        let flushes: Int

        var perSecond: Double { Double(events) / measurement.wallSeconds }

        func figures(_ name: String, _ label: String) -> [Figure] {
            [
                .init("\(name)_events_per_second", "events/s, \(label)", perSecond),
                .init("\(name)_cpu_us_per_event", "CPU µs an event, \(label)", measurement.cpuSeconds / Double(events) * 1e6),
                .init("\(name)_events_per_commit", "events a commit, \(label)", Double(events) / Double(max(1, commits))),
                .init("\(name)_events_per_flush", "events a flush, \(label)", Double(events) / Double(max(1, flushes))),
            ]
        }
    }

    func check() throws {
        try load.check()
        guard let delay = Double(flushMilliseconds), delay >= 0, delay < 1000 else {
            throw BenchProblem.usage("--flush-ms wants a number of milliseconds from 0 to below 1000")
        }
    }

    func run() throws -> any BenchResult {
        posthorn_set_flush_delay(Int64((Double(flushMilliseconds) ?? 0) * 1000))
        defer { posthorn_set_flush_delay(0) }
        let batches = try measure(load.events) { try load.emitAll(to: $0) }
        // A single caller waits for a flush each time, so fewer events tell as much.
        let alone = max(1, load.events / callers)
        let single = try measure(alone) { try emitSingly(alone, to: $0, callers: 1) }
        let many = try measure(load.events) { try emitSingly(load.events, to: $0, callers: callers) }
        return FigureList(
            title: "\(load.events) events of \(load.payloadBytes) bytes, fan-out \(load.fanOut), "
                + "every flush \(flushMilliseconds) ms longer than the disk's own",
            settings: [
                ("events", load.events), ("fan_out", load.fanOut), ("endpoints", load.endpoints),
                ("payload_bytes", load.payloadBytes), ("callers", callers),
            ],
            figures: batches.figures("batch", "batches of 1000") + single.figures("single", "one caller")
                + many.figures("concurrent", "\(callers) callers")
                + [.init("sharing_ratio", "times one caller's rate with \(callers) callers", many.perSecond / single.perSecond)]
        )
    }

    private func measure(_ events: Int, _ work: (Outbox) throws -> Void) throws -> Way {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let outbox = try Outbox(path: folder.database)
        defer { outbox.close() }
        _ = try outbox.apply(try load.topology(port: 9))
        let commits = try outbox.counters().commits
        let flushes = posthorn_flush_count()
        let measurement = try Measurement.of { try work(outbox) }
        let flushed = Int(posthorn_flush_count() - flushes)
        return Way(events: events, measurement: measurement, commits: try outbox.counters().commits - commits, flushes: flushed)
    }

    private func emitSingly(_ events: Int, to outbox: Outbox, callers: Int) throws {
        let data = load.data
        let groups = load.groups
        let next = Atomic(0)
        let failure = Mutex<(any Error)?>(nil)
        ThreadTeam.run(callers) {
            do {
                while true {
                    let number = next.add(1, ordering: .relaxed).oldValue
                    if number >= events { return }
                    _ = try outbox.emit(NewEvent(type: "bench.\(number % groups)", node: "bench", data: data))
                }
            } catch {
                failure.withLock { $0 = error }
            }
        }
        if let problem = failure.withLock({ $0 }) { throw problem }
    }
}
