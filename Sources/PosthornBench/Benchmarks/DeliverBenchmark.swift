import Posthorn
import PosthornModel
import PosthornOutbox
import PosthornSending

/// Durable deliveries a second: from a committed backlog in SQLite to a receiver on this machine, every attempt recorded.
struct DeliverBenchmark: Benchmark {
    static let name = "deliver"
    static let summary = "durable deliveries a second, from a backlog on disk to a receiver"
    static let explanation = """
        Writes a backlog into an outbox in a temporary folder, delivers it to a receiver in a process of its own on this
        machine, every attempt recorded with synchronous=FULL, and prints what that took.
        """
    static let example = "posthorn-bench deliver --events 30000 --endpoints 201"
    static var options: [BenchOption<Self>] {
        [
            .count("--events", "N", "events in the backlog", \.events),
            .count("--fan-out", "N", "endpoints that get each event", \.fanOut),
            .count("--endpoints", "N", "endpoints in all", \.endpoints),
            .count("--payload", "BYTES", "size of an event's data", \.payloadBytes),
            .count("--threads", "N", "sender threads", \.threads),
        ]
    }

    var events = 30_000
    var fanOut = 3
    var endpoints = 201
    var payloadBytes = 1200
    var threads = 2

    /// Everything that one run found.
    private struct Findings {
        let deliveries: Int
        let emit: Measurement
        let deliver: Measurement
        let statements: Int
        let commits: Int
        let databaseBytes: Int
    }

    func check() throws {
        if endpoints % fanOut != 0 { throw BenchProblem.usage("--endpoints must be a multiple of --fan-out") }
    }

    func run() throws -> any BenchResult {
        let sink = try SinkProcess()
        defer { sink.end() }
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        return report(try measure(port: sink.port, folder))
    }

    private func measure(port: Int, _ folder: TemporaryFolder) throws -> Findings {
        let outbox = try Outbox(path: folder.database)
        defer { outbox.close() }
        _ = try outbox.apply(try topology(port: port))
        let emit = try Measurement.of { try emitAll(to: outbox) }
        var sender = SenderConfiguration()
        sender.threads = threads
        sender.guard = EgressGuard(allow: [try CIDR("127.0.0.0/8")])
        let engine = try Engine(outbox: outbox, configuration: EngineConfiguration(untilSettled: true, sender: sender))
        let before = try outbox.counters()
        let deliver = try Measurement.of { try engine.run() }
        let after = try outbox.counters()
        let status = try outbox.status()
        let delivered = Int(status.deliveries[.delivered] ?? 0)
        guard delivered == events * fanOut else {
            throw BenchProblem("only \(delivered) of \(events * fanOut) deliveries were delivered: \(status.deliveries)")
        }
        return Findings(
            deliveries: delivered,
            emit: emit,
            deliver: deliver,
            statements: after.statements - before.statements,
            commits: after.commits - before.commits,
            databaseBytes: folder.databaseBytes
        )
    }

    /// One node whose endpoints share the events' types out among them, `fanOut` to a type.
    private func topology(port: Int) throws -> Topology {
        var list: [EndpointSettings] = []
        for i in 0..<endpoints {
            list.append(
                EndpointSettings(
                    id: "e\(i)",
                    node: "bench",
                    url: "http://127.0.0.1:\(port)/hook/\(i)",
                    envelope: .standard,
                    signature: .standardWebhooks,
                    credentials: ["secret": .string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
                    events: [try EventPattern("bench.\(i / fanOut)")]
                )
            )
        }
        return try Topology(nodes: [Node(id: "bench", level: .company)], endpoints: list)
    }

    private func emitAll(to outbox: Outbox) throws {
        let pad = String(repeating: "y", count: max(0, payloadBytes - 10))
        let data = Array("{\"pad\":\"\(pad)\"}".utf8)
        let groups = endpoints / fanOut
        var next = 0
        while next < events {
            let batch = (next..<min(next + 1000, events)).map { NewEvent(type: "bench.\($0 % groups)", node: "bench", data: data) }
            _ = try outbox.emit(batch)
            next += batch.count
        }
    }

    private func report(_ found: Findings) -> FigureList {
        let count = Double(found.deliveries)
        return FigureList(
            title: "\(events) events of \(payloadBytes) bytes, fan-out \(fanOut), "
                + "\(endpoints) endpoints, \(threads) sender threads, Standard Webhooks signatures",
            settings: [
                ("events", events), ("fan_out", fanOut), ("endpoints", endpoints), ("payload_bytes", payloadBytes),
                ("threads", threads), ("deliveries", found.deliveries),
            ],
            figures: [
                .init("deliveries_per_second", "deliveries/s", count / found.deliver.wallSeconds),
                .init("cpu_us_per_delivery", "CPU µs a delivery", found.deliver.cpuSeconds / count * 1e6),
                .init("statements_per_delivery", "statements a delivery", Double(found.statements) / count),
                .init("deliveries_per_commit", "deliveries a commit", count / Double(max(1, found.commits))),
                .init("allocations_per_delivery", "allocations a delivery", Double(found.deliver.allocations) / count),
                .init("seconds", "seconds", found.deliver.wallSeconds),
                .init("emit_cpu_us_per_delivery", "CPU µs to emit a delivery", found.emit.cpuSeconds / count * 1e6),
                .init("database_bytes_per_delivery", "bytes on disk a delivery", Double(found.databaseBytes) / count),
                .init("peak_resident_mib", "MiB resident at most", Measurement.peakResidentMebibytes()),
            ]
        )
    }
}
