import Glibc
import Posthorn
import PosthornModel
import PosthornOutbox
import PosthornSending

/// Durable deliveries a second: from a committed backlog in SQLite to a receiver on this machine, every attempt recorded.
struct DeliverBenchmark {
    var events = 30_000
    var fanOut = 3
    var endpoints = 200
    var payloadBytes = 1200
    var threads = 2

    /// Everything that one run found.
    struct Report {
        let deliveries: Int
        let emit: Measurement
        let deliver: Measurement
        let statements: Int
        let commits: Int
        let databaseBytes: Int
    }

    func run(port: Int, folder: String) throws -> Report {
        let path = folder + "/bench.db"
        let outbox = try Outbox(path: path)
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
        return Report(
            deliveries: delivered,
            emit: emit,
            deliver: deliver,
            statements: after.statements - before.statements,
            commits: after.commits - before.commits,
            databaseBytes: fileSize(path) + fileSize(path + "-wal")
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

    private func fileSize(_ path: String) -> Int {
        var info = stat()
        return stat(path, &info) == 0 ? Int(info.st_size) : 0
    }
}

/// Why a benchmark could not be made, in one line.
struct BenchProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
