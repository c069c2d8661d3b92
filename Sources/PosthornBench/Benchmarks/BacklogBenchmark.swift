import Glibc
import Posthorn
import PosthornBenchReports
import PosthornModel
import PosthornSystem

/// What a large backlog costs: memory, the time from a start to the first request, and throughput beside a small one's.
struct BacklogBenchmark: Benchmark {
    static let name = "backlog"
    static let summary = "memory, time to the first request and throughput of large backlogs beside a small one"
    static let explanation = """
        Fills an outbox with so many waiting deliveries, starts an engine on it in a process of its own, and measures from the
        start of that process to its first request, the rate, and the most memory it had in use. The first size is the one that
        the others are compared with: both are run in turns, and the rates of as many deliveries as the first size has make
        the ratio. In every round a new engine goes on with what the last one left of the large backlog; when that is less than
        half of it, the backlog is filled again.

        10000000 deliveries with a fan-out of 3 take about 5 GB of /tmp and some minutes to fill.
        """
    static let example = "posthorn-bench backlog --sizes 10000,1000000,10000000 --rounds 5"
    static var options: [BenchOption<Self>] {
        [
            .text("--sizes", "N,N,…", "waiting deliveries", \.sizes),
            .count("--fan-out", "N", "endpoints that get each event", \.load.fanOut),
            .count("--endpoints", "N", "endpoints in all", \.load.endpoints),
            .count("--payload", "BYTES", "size of an event's data", \.load.payloadBytes),
            .count("--rounds", "N", "pairs of runs of each larger size and the first", \.rounds),
            .count("--seconds", "N", "how long each engine delivers at most", \.seconds),
        ]
    }

    var load = Workload(payloadBytes: 200)
    var sizes = "10000,1000000"
    var rounds = 3
    var seconds = 3

    /// What an engine did on one backlog.
    private struct Run {
        let firstMilliseconds: Double
        /// Of as many deliveries as the smallest backlog has.
        let perSecond: Double
        /// Of all that was delivered in the time given.
        let lastingPerSecond: Double
        let delivered: Int
        let peakMebibytes: Double
    }

    func check() throws {
        try load.check()
        guard let least = try SizeList.read(sizes, flag: "--sizes").min(), least >= load.fanOut else {
            throw BenchProblem.usage("--sizes wants whole numbers with commas between them, none below --fan-out")
        }
    }

    func run() throws -> any BenchResult {
        let sink = try TimedSink()
        let counts = try SizeList.read(sizes, flag: "--sizes")
        let least = counts[0]
        var small: [Run] = []
        var figures: [Figure] = []
        if counts.count == 1 { for _ in 0..<rounds { small.append(try fresh(least, sink)) } }
        for count in counts.dropFirst() {
            Progress.tell("filling an outbox with \(count) deliveries")
            var folder = try filled(count, sink)
            defer { folder.remove() }
            var left = count
            var large: [Run] = []
            var rates = PairedRuns()
            for round in 1...rounds {
                Progress.tell("round \(round) of \(rounds): \(least) and \(count)")
                let reference = try fresh(least, sink)
                // Half of the backlog at least is still there.
                if left < max(count / 2, least * 2) {
                    folder.remove()
                    (folder, left) = (try filled(count, sink), count)
                }
                let run = try measure(folder, least, sink, goesOn: true)
                left -= run.delivered
                rates.add(run.perSecond, reference.perSecond)
                small.append(reference)
                large.append(run)
            }
            Progress.end()
            figures +=
                Self.figures(count, large) + [
                    .init(
                        "lasting_per_second_\(count)",
                        "deliveries/s over \(seconds) s, \(count) waiting",
                        Sample(large.map(\.lastingPerSecond)).median
                    )
                ]
            figures += rates.figures("rate_\(count)", "deliveries/s of \(least) deliveries", "\(count) waiting", "\(least) waiting")
        }
        return FigureList(
            title:
                "Backlogs of \(sizes) deliveries, events of \(load.payloadBytes) bytes, fan-out \(load.fanOut), \(rounds) rounds in turns",
            settings: [
                ("fan_out", load.fanOut), ("endpoints", load.endpoints), ("payload_bytes", load.payloadBytes),
                ("rounds", rounds), ("seconds", seconds),
            ],
            figures: Self.figures(least, small) + figures
        )
    }

    private static func figures(_ count: Int, _ runs: [Run]) -> [Figure] {
        let first = Sample(runs.map(\.firstMilliseconds))
        return [
            .init("first_request_ms_\(count)", "ms from start to first request, \(count) waiting, median", first.median),
            .init("first_request_max_ms_\(count)", "the same, longest", first.largest),
            .init("deliveries_per_second_\(count)", "deliveries/s, \(count) waiting, median", Sample(runs.map(\.perSecond)).median),
            .init("peak_resident_mib_\(count)", "MiB resident at most, \(count) waiting", Sample(runs.map(\.peakMebibytes)).largest),
        ]
    }

    /// A run on a new outbox.
    private func fresh(_ count: Int, _ sink: TimedSink) throws -> Run {
        let folder = try filled(count, sink)
        defer { folder.remove() }
        return try measure(folder, count, sink, goesOn: false)
    }

    private func filled(_ count: Int, _ sink: TimedSink) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        do {
            var workload = load
            workload.events = count / load.fanOut
            let outbox = try Outbox(path: folder.database)
            defer { outbox.close() }
            _ = try outbox.apply(try workload.topology(port: sink.port))
            try workload.emitAll(to: outbox)
            return folder
        } catch {
            folder.remove()
            throw error
        }
    }

    private func measure(_ folder: TemporaryFolder, _ least: Int, _ sink: TimedSink, goesOn: Bool) throws -> Run {
        let goal = least / load.fanOut * load.fanOut
        sink.expect()
        let start = MonotonicClock.nanoseconds()
        let engine = try EngineProcess(database: folder.database)
        defer { engine.end() }
        let first = try sink.waitForFirstRequest()
        let part = try engine.deliver(goal, seconds: seconds)
        var (count, elapsed) = (part.count, part.seconds)
        if goesOn {
            let rest = try engine.deliver(.max, seconds: max(1, seconds - Int(part.seconds)))
            count += rest.count
            elapsed += rest.seconds
        }
        return Run(
            firstMilliseconds: Double(first - start) / 1e6,
            perSecond: part.perSecond,
            lastingPerSecond: Double(count) / elapsed,
            delivered: count,
            peakMebibytes: engine.peakResidentMebibytes
        )
    }
}
