import PosthornBenchReports
import PosthornModel

/// The engine's senders from memory, without a store, beside the whole job: what recording costs.
struct SendBenchmark: Benchmark {
    static let name = "send"
    static let summary = "requests a second from memory, without a store, beside the whole durable job"
    static let explanation = """
        Sends the same signed requests through the same senders twice, in turns: from memory without recording anything, and
        from a backlog on disk with every attempt recorded. The ratio is what durability costs.
        """
    static let example = "posthorn-bench send --rounds 3"
    static var options: [BenchOption<Self>] {
        [
            .count("--events", "N", "events", \.load.events),
            .count("--fan-out", "N", "endpoints that get each event", \.load.fanOut),
            .count("--endpoints", "N", "endpoints in all", \.load.endpoints),
            .count("--hosts", "N", "addresses that the endpoints are at", \.load.hosts),
            .count("--payload", "BYTES", "size of an event's data", \.load.payloadBytes),
            .count("--threads", "N", "sender threads", \.threads),
            .count("--rounds", "N", "pairs of runs", \.rounds),
        ] + ReceiverKind.options(\.receiver)
    }

    var load = Workload()
    var threads = 2
    var rounds = 3
    var receiver = ReceiverKind()

    func check() throws { try load.check() }

    func run() throws -> any BenchResult {
        let sink = try BenchReceiver(receiver, hosts: load.hosts)
        defer { sink.end() }
        var load = load
        load.caFile = sink.caFile
        var (rate, cpu, allocations) = (PairedRuns(), PairedRuns(), PairedRuns())
        let count = Double(load.deliveries)
        for _ in 0..<rounds {
            let durable = try DeliveryRun.of(load, threads: threads, port: sink.port)
            let memory = try MemoryRun.of(load, threads: threads, port: sink.port)
            rate.add(durable.perSecond, count / memory.wallSeconds)
            cpu.add(durable.cpuMicroseconds, memory.cpuSeconds / count * 1e6)
            allocations.add(Double(durable.deliver.allocations) / count, Double(memory.allocations) / count)
        }
        return FigureList(
            title: "\(load.deliveries) deliveries, \(load.endpoints) endpoints, \(threads) sender threads, "
                + "\(rounds) rounds in turns: recorded, and from memory\(receiver.text)",
            settings: [
                ("events", load.events), ("fan_out", load.fanOut), ("endpoints", load.endpoints), ("hosts", load.hosts),
                ("payload_bytes", load.payloadBytes), ("threads", threads), ("rounds", rounds),
            ],
            figures: rate.figures("per_second", "deliveries/s", "recorded", "from memory")
                + cpu.figures("cpu_us", "CPU µs a delivery", "recorded", "from memory")
                + allocations.figures("allocations", "allocations a delivery", "recorded", "from memory")
                + (try sink.connections()).figures(hosts: load.hosts, deliveries: 2 * rounds * load.deliveries, isTLS: receiver.isTLS)
        )
    }
}
