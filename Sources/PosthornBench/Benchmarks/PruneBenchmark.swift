import Posthorn
import PosthornBenchReports
import PosthornStore
import PosthornSystem

/// Latency under full load beside the prune of what is finished.
struct PruneBenchmark: Benchmark {
    static let name = "prune"
    static let summary = "latency under full load while a million finished deliveries are pruned, and while none are"
    static let explanation = """
        Fills an outbox with finished deliveries. Then callers emit one event at a time as fast as emit returns, while the engine in
        the same process delivers, with a bounded number of deliveries under way; with --share below 100 they emit in an open model at
        that share of what was reached before, and latency counts from the time when an event is due. Rounds alternate: with the prune
        that an engine of `posthorn run --keep` does, and without, so that what else the machine does meets both.
        """
    static let example = "posthorn-bench prune --finished 1000000 --rounds 6 --seconds 10"
    static var options: [BenchOption<Self>] {
        [
            .count("--finished", "N", "finished deliveries", \.finished),
            .count("--rounds", "N", "pairs of rounds", \.rounds),
            .count("--seconds", "N", "length of each round", \.seconds),
            .count("--share", "PERCENT", "of full load", \.share),
            .count("--callers", "N", "threads that emit", \.callers),
            .count("--under-way", "N", "deliveries that may be under way at full load", \.underWay),
            .count("--fan-out", "N", "endpoints that get each event", \.load.fanOut),
            .count("--endpoints", "N", "endpoints in all", \.load.endpoints),
            .count("--payload", "BYTES", "size of an event's data", \.load.payloadBytes),
            .count("--threads", "N", "sender threads", \.threads),
        ]
    }

    var load = Workload()
    var finished = 1_000_000
    var rounds = 6
    var seconds = 10
    var share = 100
    var callers = 16
    var underWay = 1024
    var threads = 2

    func check() throws {
        try load.check()
        if share > 100 { throw BenchProblem.usage("--share is at most 100") }
    }

    func run() throws -> any BenchResult {
        let sink = try LateSink()
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let outbox = try Outbox(path: folder.database)
        defer { outbox.close() }
        _ = try outbox.apply(try load.topology(port: sink.port))
        Progress.tell("finishing \(finished) deliveries")
        var past = load
        past.events = max(1, finished / load.fanOut)
        try past.emitAll(to: outbox)
        try Engine.deliverMost(of: outbox)
        let bytes = folder.databaseBytes
        let retention = Retention(settledBefore: SystemClock().now())
        let sender = try Workload.senderConfiguration(threads: threads)
        let engine = try Engine(outbox: outbox, configuration: EngineConfiguration(sender: sender))
        try engine.start()
        let full = FullLoad(emitter: OpenEmitter(outbox: outbox, load: load, callers: callers), engine: engine, sink: sink)
        full.underWay = underWay
        Progress.tell("warming up")
        let peak = try full.run(seconds: max(3, seconds / 2)).perSecond
        func round() throws -> FullLoad.Round {
            try share == 100 ? full.run(seconds: seconds) : full.run(perSecond: peak * Double(share) / 100, seconds: seconds)
        }
        var runs = Runs()
        let pruner = PruneBeside(outbox, retention)
        for number in 0..<rounds {
            Progress.tell("round \(number + 1) of \(rounds)")
            // Each is the first of its pair as often as the other.
            let before: FullLoad.Round? = try number % 2 == 0 ? round() : nil
            try pruner.start()
            let with = try round()
            let ends = try pruner.stop()
            let without = try before ?? round()
            // Of a round in which there was nothing left to prune nothing is said.
            if ends == .atEnd { break }
            runs.add(with, without)
        }
        Progress.end()
        try engine.stop()
        guard !runs.rates.pairs.isEmpty else { throw BenchProblem("all was pruned within a round; give a greater --finished") }
        let held = Sample(pruner.heldMilliseconds)
        return FigureList(
            title: "\(finished) finished deliveries (\(bytes >> 20) MiB), events of \(load.payloadBytes) bytes, fan-out \(load.fanOut), "
                + "\(callers) callers at \(share) % of full load, \(runs.rates.pairs.count) pairs of rounds of \(seconds) s",
            settings: [
                ("finished", finished), ("rounds", runs.rates.pairs.count), ("seconds", seconds), ("share_percent", share),
                ("callers", callers), ("fan_out", load.fanOut), ("endpoints", load.endpoints), ("payload_bytes", load.payloadBytes),
                ("threads", threads), ("under_way", underWay),
            ],
            figures: [
                .init("pruned", "deliveries were pruned", Double(pruner.report.deliveries)),
                .init("pruned_per_second", "of them a second of prune", Double(pruner.report.deliveries) / pruner.seconds),
                .init("steps", "steps", Double(pruner.heldMilliseconds.count)),
                .init("step_p50_ms", "ms that a step held the writer, p50", held.percentile(50)),
                .init("step_p99_ms", "p99", held.percentile(99)), .init("step_max_ms", "largest", held.largest),
                .init("steps_over_5_ms", "steps that held it for more than 5 ms", Double(pruner.heldMilliseconds.count { $0 > 5 })),
            ] + runs.figures
        )
    }

    /// What the rounds have shown, with the prune beside and without.
    private struct Runs {
        var rates = PairedRuns()
        private var emits = PairedRuns()
        private var emitMedians = PairedRuns()
        private var requests = PairedRuns()
        private var requestMedians = PairedRuns()

        mutating func add(_ with: FullLoad.Round, _ without: FullLoad.Round) {
            rates.add(with.perSecond, without.perSecond)
            emits.add(with.emits.percentile(99), without.emits.percentile(99))
            emitMedians.add(with.emits.median, without.emits.median)
            requests.add(with.requests.percentile(99), without.requests.percentile(99))
            requestMedians.add(with.requests.median, without.requests.median)
        }

        var figures: [Figure] {
            rates.figures("events_per_second", "events/s", "with", "without")
                + emitMedians.figures("emit_p50_ms", "ms until emit returns, p50", "with", "without")
                + emits.figures("emit_p99_ms", "ms until emit returns, p99", "with", "without")
                + requestMedians.figures("request_p50_ms", "ms until the request, p50", "with", "without")
                + requests.figures("request_p99_ms", "ms until the request, p99", "with", "without")
        }
    }
}
