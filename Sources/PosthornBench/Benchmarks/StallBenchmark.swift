import Glibc
import Posthorn
import PosthornBenchReports
import PosthornModel
import PosthornSystem

/// What connections that never answer take from the healthy ones.
struct StallBenchmark: Benchmark {
    static let name = "stall"
    static let summary = "healthy throughput with and without connections that never answer"
    static let explanation = """
        Delivers a backlog twice in turns: alone, and while requests to other endpoints hang because their receiver takes them
        and never answers. Measured from the moment when all of those hang to the last healthy delivery.
        """
    static let example = "posthorn-bench stall --stalled 1000"
    static var options: [BenchOption<Self>] {
        [
            .count("--events", "N", "healthy events", \.load.events),
            .count("--fan-out", "N", "healthy endpoints that get each event", \.load.fanOut),
            .count("--endpoints", "N", "healthy endpoints", \.load.endpoints),
            .count("--hosts", "N", "addresses that those are at", \.load.hosts),
            .count("--stalled", "N", "endpoints that never answer, with one request each", \.stalled),
            .count("--stalled-hosts", "N", "addresses that those are at", \.stalledHosts),
            .flag("--same-hosts", "those are at the healthy endpoints' own addresses", \.sharesHosts),
            .count("--threads", "N", "sender threads", \.threads),
            .count("--rounds", "N", "pairs of runs", \.rounds),
        ] + ReceiverKind.options(\.receiver)
    }

    var load = Workload()
    var stalled = 1000
    var stalledHosts = 250
    var sharesHosts = false
    var threads = 2
    var rounds = 3
    var receiver = ReceiverKind()

    func check() throws {
        try load.check()
        if load.hosts + stalledHosts > LoopbackHosts.limit {
            throw BenchProblem.usage("--hosts and --stalled-hosts are at most \(LoopbackHosts.limit) together")
        }
        if receiver.closes { throw BenchProblem.usage("--closing says nothing of requests that hang") }
    }

    func run() throws -> any BenchResult {
        ProcessFile.raiseDescriptorLimit()
        var rate = PairedRuns()
        for _ in 0..<rounds {
            let without = try healthyPerSecond(stalled: 0)
            rate.add(try healthyPerSecond(stalled: stalled), without)
        }
        return FigureList(
            title: "\(load.deliveries) healthy deliveries to \(load.endpoints) endpoints, with and without "
                + "\(stalled) connections that never answer, \(rounds) rounds in turns\(receiver.text)",
            settings: [
                ("events", load.events), ("fan_out", load.fanOut), ("endpoints", load.endpoints), ("stalled", stalled),
                ("stalled_hosts", sharesHosts ? 0 : stalledHosts),
                ("threads", threads), ("rounds", rounds),
            ],
            figures: rate.figures("healthy_per_second", "healthy deliveries/s", "with stalled", "without")
        )
    }

    private func healthyPerSecond(stalled: Int) throws -> Double {
        let sink = try BenchReceiver(receiver, hosts: load.hosts + stalledHosts)
        var load = load
        load.caFile = sink.caFile
        var sinkRuns = true
        defer { if sinkRuns { sink.end() } }
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let outbox = try Outbox(path: folder.database)
        defer { outbox.close() }
        _ = try outbox.apply(try load.topology(port: sink.port, beside: try silentEndpoints(stalled, at: sink)))
        // Older than everything else, so that they hang first.
        if stalled > 0 { _ = try outbox.emit(NewEvent(type: "silent", node: "bench", data: load.data)) }
        try load.emitAll(to: outbox)
        let configuration = EngineConfiguration(sender: try Workload.senderConfiguration(threads: threads, caFile: sink.caFile))
        let engine = try Engine(outbox: outbox, configuration: configuration)
        let descriptors = ProcessFile.openDescriptors()
        try engine.start()
        while stalled > 0, ProcessFile.openDescriptors() < descriptors + stalled { usleep(2000) }
        let early = engine.statistics.delivered
        let measured = Measurement.of { while engine.statistics.delivered < load.deliveries { usleep(1000) } }
        let left = load.deliveries - early
        guard left > load.deliveries / 4 else {
            throw BenchProblem("most deliveries were over before all connections hung; take more --events")
        }
        // Without their receiver the hanging requests end at once.
        sink.end()
        sinkRuns = false
        try engine.stop()
        return Double(left) / measured.wallSeconds
    }

    private func silentEndpoints(_ count: Int, at sink: BenchReceiver) throws -> [EndpointSettings] {
        let hosts = LoopbackHosts(count: load.hosts + stalledHosts)
        return try (0..<count).map { number in
            let host = hosts.address(sharesHosts ? number % load.hosts : load.hosts + number % stalledHosts)
            return EndpointSettings(
                id: "silent-\(number)",
                node: "bench",
                url: "\(sink.caFile == nil ? "http" : "https")://\(host):\(sink.port)\(Sink.silentPath)/\(number)",
                envelope: .standard,
                events: [try EventPattern("silent")],
                timeoutMilliseconds: 120_000
            )
        }
    }
}
