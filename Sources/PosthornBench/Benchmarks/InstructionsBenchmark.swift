import PosthornBenchReports
import PosthornModel
import PosthornSystem

/// Instructions a delivery, by library: a measure that other work on the machine hardly changes.
struct InstructionsBenchmark: Benchmark {
    static let name = "instructions"
    static let summary = "instructions a delivery, by library, which other work on the machine changes little"
    static let explanation = """
        Lets a process of its own do a job twice, the second time with three times as many events, counts all instructions that
        the process executes outside the kernel, and divides what the larger run has more by the deliveries that it has more:
        the start and the end of the process drop out. The receiver, and making the backlog, are not counted. The smaller backlog
        should be more than the 4,096 deliveries that an engine holds at once, as it is without options.

        --job deliver is an engine that delivers a backlog on disk; send is its senders alone, from memory; emit is storing
        events, counted by their deliveries.

        The processor counts where the kernel lets it, otherwise valgrind's callgrind does (apt-get install valgrind), which
        takes some fifty times as long, and also tells the library of each instruction. Counts of the two differ: valgrind has
        not all of a processor's instructions, above all none for SHA-256. So a --gate wants a --counter. One run differs from
        another by some percent, since the size of batches depends on the moment.
        """
    static let example = "posthorn-bench instructions --counter callgrind --hosts 200"
    static var options: [BenchOption<Self>] {
        [
            .text("--job", "NAME", "deliver, send or emit", \.job),
            .text("--counter", "NAME", "processor or callgrind, instead of the first that is to be had", \.counter),
            .count("--events", "N", "events of the smaller run", \.load.events),
            .count("--fan-out", "N", "endpoints that get each event", \.load.fanOut),
            .count("--endpoints", "N", "endpoints in all", \.load.endpoints),
            .count("--hosts", "N", "addresses that the endpoints are at", \.load.hosts),
            .count("--payload", "BYTES", "size of an event's data", \.load.payloadBytes),
            .count("--threads", "N", "sender threads", \.threads),
            .text("--profile", "FILE", "where callgrind's file of the larger run is left, for callgrind_annotate", \.profile),
        ]
    }

    var job = "deliver"
    var counter = ""
    var load = Workload(events: 1500)
    var threads = 2
    var profile = ""

    func check() throws {
        try load.check()
        try Self.check("--job", job, InstructionWorkload.Job.allCases.map(\.rawValue))
        if !counter.isEmpty { try Self.check("--counter", counter, ProcessCounter.allCases.map(\.rawValue)) }
        if !profile.isEmpty, counter != ProcessCounter.callgrind.rawValue {
            throw BenchProblem.usage("--profile is callgrind's: it wants --counter callgrind beside it")
        }
    }

    private static func check(_ flag: String, _ value: String, _ allowed: [String]) throws {
        if allowed.contains(value) { return }
        throw BenchProblem.usage("\(flag) is \(allowed.joined(separator: " or ")), not \(InputProblem.printable(value))")
    }

    func run() throws -> any BenchResult {
        let counter = try ProcessCounter.named(counter)
        let sink = try SinkProcess()
        defer { sink.end() }
        let smaller = try measure(load.events, counter, sink, profile: "")
        let larger = try measure(load.events * 3, counter, sink, profile: profile)
        return InstructionReport(
            title: "\(job): \(load.events) and \(load.events * 3) events of \(load.payloadBytes) bytes, fan-out \(load.fanOut), "
                + "\(load.endpoints) endpoints at \(load.hosts) \(load.hosts == 1 ? "host" : "hosts"), \(threads) sender threads, "
                + "counted by \(counter == .processor ? "the processor" : "callgrind")",
            settings: [
                ("events", load.events), ("fan_out", load.fanOut), ("endpoints", load.endpoints), ("hosts", load.hosts),
                ("payload_bytes", load.payloadBytes), ("threads", threads), ("deliveries", larger.deliveries - smaller.deliveries),
            ],
            words: [("job", job), ("counted_by", counter.rawValue)],
            smaller: smaller,
            larger: larger
        )
    }

    private func measure(_ events: Int, _ counter: ProcessCounter, _ sink: SinkProcess, profile: String) throws -> InstructionReport.Run {
        Progress.tell("\(job): \(events) events")
        defer { Progress.end() }
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var load = load
        load.events = events
        let job = InstructionWorkload.Job(rawValue: job) ?? .deliver
        let work = InstructionWorkload(job, load, threads: threads, port: sink.port, database: folder.database)
        try work.prepare()
        let count = try counter.count(work, profile: profile)
        try work.check()
        return InstructionReport.Run(deliveries: load.deliveries, count: count)
    }
}
