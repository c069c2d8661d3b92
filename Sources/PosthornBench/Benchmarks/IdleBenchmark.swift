import Glibc
import Posthorn
import PosthornBenchReports
import PosthornModel
import PosthornSystem

/// What an engine costs that has nothing to do.
struct IdleBenchmark: Benchmark {
    static let name = "idle"
    static let summary = "wake-ups and CPU of an engine that has nothing to do"
    static let explanation = """
        Lets an engine deliver one event, then leaves it alone and counts how often its threads wake up and how much processor
        time they take.
        """
    static let example = "posthorn-bench idle --seconds 30"
    static var options: [BenchOption<Self>] {
        [
            .count("--seconds", "N", "how long to watch", \.seconds),
            .count("--endpoints", "N", "endpoints", \.endpoints),
        ]
    }

    var seconds = 10
    var endpoints = 200

    func run() throws -> any BenchResult {
        let sink = try SinkProcess()
        defer { sink.end() }
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let outbox = try Outbox(path: folder.database)
        defer { outbox.close() }
        let load = Workload(events: 1, fanOut: 1, endpoints: endpoints)
        _ = try outbox.apply(try load.topology(port: sink.port))
        let engine = try Engine(
            outbox: outbox,
            configuration: EngineConfiguration(sender: try Workload.senderConfiguration(threads: 2))
        )
        try engine.start()
        try load.emitAll(to: outbox)
        while engine.statistics.delivered < 1 { usleep(1000) }
        // What follows a delivery, such as a look for others' commits, dies down within two seconds.
        sleep(3)
        let before = ThreadFacts.all()
        sleep(UInt32(seconds))
        let after = ThreadFacts.all()
        try engine.stop()
        return report(before, after)
    }

    private func report(_ before: [Int32: ThreadFacts], _ after: [Int32: ThreadFacts]) -> FigureList {
        let main = getpid()
        let threads = after.filter { $0.key != main }.map { key, facts in
            (
                wakeUps: Double(facts.sleeps - (before[key]?.sleeps ?? 0)) / Double(seconds),
                cpu: facts.cpuMicroseconds - (before[key]?.cpuMicroseconds ?? 0)
            )
        }
        return FigureList(
            title: "An engine with \(endpoints) endpoints and nothing to do, watched for \(seconds) s, \(threads.count) threads",
            settings: [("seconds", seconds), ("endpoints", endpoints), ("engine_threads", threads.count)],
            figures: [
                .init("wake_ups_per_second", "wake-ups a second, all threads", threads.reduce(0) { $0 + $1.wakeUps }),
                .init("busiest_thread_wake_ups_per_second", "wake-ups a second, busiest thread", threads.map(\.wakeUps).max() ?? 0),
                .init("cpu_percent", "% of a core", threads.reduce(0) { $0 + $1.cpu } / Double(seconds) / 1e6 * 100),
                .init("peak_resident_mib", "MiB resident at most", Measurement.peakResidentMebibytes()),
            ]
        )
    }
}
