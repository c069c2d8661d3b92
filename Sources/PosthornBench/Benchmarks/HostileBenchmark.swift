import Glibc
import Posthorn
import PosthornBenchReports
import PosthornModel
import PosthornSystem

/// What hostile receivers take from the latency of the healthy ones.
struct HostileBenchmark: Benchmark {
    static let name = "hostile"
    static let summary = "latency at healthy receivers, with and without hostile ones beside them"
    static let explanation = """
        Emits at a steady rate in an open model, in turns: with healthy endpoints alone, and with hostile ones beside them that
        get as many events each. Those share out all ways of doing harm: they never answer, answer a byte at a time, reset or
        close the connection, answer what is not HTTP, begin a body that never ends, or answer 500. Latency counts from the time
        when an event is due to its request at a healthy receiver, flush to disk included.
        """
    static let example = "posthorn-bench hostile --rate 2000 --seconds 30"
    static var options: [BenchOption<Self>] {
        [
            .count("--rate", "N", "events a second", \.rate),
            .count("--seconds", "N", "how long each part takes", \.seconds),
            .count("--endpoints", "N", "healthy endpoints", \.load.endpoints),
            .count("--fan-out", "N", "healthy endpoints that get each event", \.load.fanOut),
            .count("--hostile", "N", "hostile endpoints, at most as many as there are types of events", \.hostile),
            .count("--timeout-ms", "N", "the hostile endpoints' deadline", \.timeoutMilliseconds),
            .count("--callers", "N", "threads that emit", \.callers),
            .count("--rounds", "N", "pairs of runs", \.rounds),
        ]
    }

    var load = Workload(endpoints: 999)
    var rate = 1000
    var seconds = 10
    var hostile = 10
    var timeoutMilliseconds = 5000
    var callers = 16
    var rounds = 3

    func check() throws {
        try load.check()
        if hostile > load.groups {
            throw BenchProblem.usage("--hostile is at most \(load.groups), the number of types that --endpoints and --fan-out make")
        }
    }

    /// One run's latencies and the most memory in use at its end.
    private struct Part {
        let p50: Double
        let p99: Double
        let residentMebibytes: Double
    }

    func run() throws -> any BenchResult {
        ProcessFile.raiseDescriptorLimit()
        var (p50, p99, memory) = (PairedRuns(), PairedRuns(), PairedRuns())
        for round in 1...rounds {
            Progress.tell("round \(round) of \(rounds)")
            let without = try part(hostile: 0)
            let with = try part(hostile: hostile)
            p50.add(with.p50, without.p50)
            p99.add(with.p99, without.p99)
            memory.add(with.residentMebibytes, without.residentMebibytes)
        }
        Progress.end()
        let (ours, theirs) = ("with hostile", "without")
        return FigureList(
            title: "\(rate) events a second of \(load.payloadBytes) bytes for \(seconds) s, \(load.endpoints) healthy endpoints, with and "
                + "without \(hostile) hostile ones, \(rounds) rounds in turns; ms from the time when an event is due to its request",
            settings: [
                ("rate", rate), ("seconds", seconds), ("endpoints", load.endpoints), ("fan_out", load.fanOut), ("hostile", hostile),
                ("timeout_ms", timeoutMilliseconds), ("callers", callers), ("rounds", rounds),
            ],
            figures: p99.figures("p99_ms", "ms, p99", ours, theirs) + p50.figures("p50_ms", "ms, p50", ours, theirs)
                + memory.figures("resident_mib", "MiB resident", ours, theirs)
        )
    }

    private func part(hostile: Int) throws -> Part {
        let sink = try LateSink()
        let harm = try HostileSink()
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let outbox = try Outbox(path: folder.database)
        defer { outbox.close() }
        _ = try outbox.apply(try load.topology(port: sink.port, beside: try endpoints(hostile, port: harm.port)))
        let configuration = EngineConfiguration(sender: try Workload.senderConfiguration(threads: 2))
        let engine = try Engine(outbox: outbox, configuration: configuration)
        try engine.start()
        let emitter = OpenEmitter(outbox: outbox, load: load, callers: callers)
        // A second in which connections are made and caches grow warm does not count.
        try emit(emitter, 1, sink)
        _ = sink.take()
        try emit(emitter, seconds, sink)
        let late = Sample(sink.take())
        let memory = Double(ProcessFile.number("VmRSS", in: "/proc/self/status") ?? 0) / 1024
        // What hangs ends at its deadline.
        try engine.stop()
        return Part(p50: late.percentile(50), p99: late.percentile(99), residentMebibytes: memory)
    }

    /// Emits for so long and waits until all of it has come to the healthy receivers.
    private func emit(_ emitter: OpenEmitter, _ seconds: Int, _ sink: LateSink) throws {
        let schedule = OpenSchedule(start: MonotonicClock.nanoseconds() + 10_000_000, perSecond: Double(rate))
        _ = try emitter.emit(schedule, seconds: seconds)
        while sink.count < schedule.count(seconds: seconds) * load.fanOut { usleep(1000) }
    }

    private func endpoints(_ count: Int, port: Int) throws -> [EndpointSettings] {
        let ways = HostileSink.Way.allCases
        return try (0..<count).map { number in
            EndpointSettings(
                id: "hostile-\(number)",
                node: "bench",
                url: "http://127.0.2.\(number % 254 + 1):\(port)/\(ways[number % ways.count].rawValue)/\(number)",
                envelope: .standard,
                events: [try EventPattern("bench.\(number)")],
                timeoutMilliseconds: timeoutMilliseconds
            )
        }
    }
}
