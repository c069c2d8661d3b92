import Glibc
import Posthorn
import PosthornFigures
import PosthornModel
import PosthornSystem

/// What a large backlog costs: memory, the time from a start to the first request, and throughput.
struct BacklogBenchmark: Benchmark {
    static let name = "backlog"
    static let summary = "memory, time to the first request and throughput as the backlog grows"
    static let explanation = """
        Fills an outbox with so many waiting deliveries, starts an engine on it in a process of its own, and measures from the
        start of that process to its first request, the requests of the next seconds, and the most memory it had in use.
        """
    static let example = "posthorn-bench backlog --sizes 10000,1000000,10000000"
    static var options: [BenchOption<Self>] {
        [
            .text("--sizes", "N,N,…", "waiting deliveries", \.sizes),
            .count("--fan-out", "N", "endpoints that get each event", \.load.fanOut),
            .count("--endpoints", "N", "endpoints in all", \.load.endpoints),
            .count("--payload", "BYTES", "size of an event's data", \.load.payloadBytes),
            .count("--seconds", "N", "how long each engine runs at most after its first request", \.seconds),
        ]
    }

    var load = Workload(payloadBytes: 200)
    var sizes = "10000,1000000"
    var seconds = 3

    private var counts: [Int] { sizes.split(separator: ",").compactMap { Int($0) } }

    /// What an engine did on one backlog.
    private struct Findings {
        let millisecondsToFirst: Double
        let perSecond: Double
        let peakResidentMebibytes: Double
    }

    func check() throws {
        try load.check()
        guard !counts.isEmpty, counts.count == sizes.split(separator: ",").count, counts.allSatisfy({ $0 >= load.fanOut }) else {
            throw BenchProblem.usage("--sizes wants whole numbers with commas between them, none below --fan-out")
        }
    }

    func run() throws -> any BenchResult {
        let sink = try TimedSink()
        var figures: [Figure] = []
        for count in counts {
            let found = try measure(count, sink)
            figures += [
                .init("first_request_ms_\(count)", "ms from start to first request, \(count) waiting", found.millisecondsToFirst),
                .init("deliveries_per_second_\(count)", "deliveries/s, \(count) waiting", found.perSecond),
                .init("peak_resident_mib_\(count)", "MiB resident at most, \(count) waiting", found.peakResidentMebibytes),
            ]
        }
        return FigureList(
            title: "Backlogs of \(sizes) deliveries, events of \(load.payloadBytes) bytes, fan-out \(load.fanOut)",
            settings: [
                ("fan_out", load.fanOut), ("endpoints", load.endpoints), ("payload_bytes", load.payloadBytes), ("seconds", seconds),
            ],
            figures: figures
        )
    }

    private func measure(_ count: Int, _ sink: TimedSink) throws -> Findings {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var filled = load
        filled.events = count / load.fanOut
        let outbox = try Outbox(path: folder.database)
        _ = try outbox.apply(try filled.topology(port: sink.port))
        try filled.emitAll(to: outbox)
        outbox.close()
        sink.forget()
        let start = MonotonicClock.nanoseconds()
        let engine = try ChildProcess([BacklogEngine.subcommand, folder.database])
        defer { engine.end() }
        let first = sink.waitForRequest()
        let total = filled.deliveries
        while sink.requests < total, MonotonicClock.nanoseconds() - first < Int64(seconds) * 1_000_000_000 { usleep(1000) }
        let elapsed = Double(MonotonicClock.nanoseconds() - first) / 1e9
        return Findings(
            millisecondsToFirst: Double(first - start) / 1e6,
            perSecond: Double(sink.requests) / elapsed,
            peakResidentMebibytes: Double(ProcessFile.number("VmHWM", in: "/proc/\(engine.id)/status") ?? 0) / 1024
        )
    }
}

/// An engine alone in a process, so that its memory is nobody else's.
enum BacklogEngine {
    /// What makes this program that engine.
    static let subcommand = "backlog-engine"

    static func serve(_ arguments: ArraySlice<String>) throws {
        guard let path = arguments.first else { throw BenchProblem.usage("\(subcommand) wants a database") }
        let outbox = try Outbox(path: path, creating: false)
        let configuration = EngineConfiguration(sender: try Workload.senderConfiguration(threads: 2))
        try Engine(outbox: outbox, configuration: configuration).run()
    }
}
