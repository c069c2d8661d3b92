import Posthorn
import PosthornBenchReports
import PosthornModel
import PosthornSending
import PosthornSystem
import Synchronization

/// Endpoints that share out the events of a benchmark, and those events.
struct Workload {
    var events = 30_000
    var fanOut = 3
    var endpoints = 201
    var payloadBytes = 1200
    /// The hosts 127.0.1.1 to 127.0.1.N in turns; 127.0.0.1 alone for 1.
    var hosts = 1
    var timeoutMilliseconds = EndpointSettings.defaultTimeoutMilliseconds

    var deliveries: Int { events * fanOut }
    /// The endpoints of one type of event make a group.
    var groups: Int { endpoints / fanOut }

    /// Throws unless the endpoints can be shared out evenly.
    func check() throws {
        if endpoints % fanOut != 0 { throw BenchProblem.usage("--endpoints must be a multiple of --fan-out") }
        if hosts > 254 { throw BenchProblem.usage("--hosts is at most 254") }
    }

    /// The settings of the endpoint with this number, at a receiver's port.
    func endpoint(_ number: Int, port: Int) throws -> EndpointSettings {
        let host = hosts == 1 ? "127.0.0.1" : "127.0.1.\(number % hosts + 1)"
        return EndpointSettings(
            id: "e\(number)",
            node: "bench",
            url: "http://\(host):\(port)/hook/\(number)",
            envelope: .standard,
            signature: .standardWebhooks,
            credentials: ["secret": .string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
            events: [try EventPattern("bench.\(number / fanOut)")],
            timeoutMilliseconds: timeoutMilliseconds
        )
    }

    /// One node whose endpoints share the events' types out among them, `fanOut` to a type; and others beside them.
    func topology(port: Int, beside others: [EndpointSettings] = []) throws -> Topology {
        let own = try (0..<endpoints).map { try endpoint($0, port: port) }
        return try Topology(nodes: [Node(id: "bench", level: .company)], endpoints: own + others)
    }

    /// An event's data: one JSON object of the wanted size.
    var data: [UInt8] { Array("{\"pad\":\"\(String(repeating: "y", count: max(0, payloadBytes - 10)))\"}".utf8) }

    /// Stores the events, a thousand to a transaction, or fewer where they are large.
    func emitAll(to outbox: Outbox) throws {
        let data = data
        let step = max(1, min(1000, Self.transactionBytes / max(1, payloadBytes)))
        var next = 0
        while next < events {
            let batch = (next..<min(next + step, events)).map { NewEvent(type: "bench.\($0 % groups)", node: "bench", data: data) }
            _ = try outbox.emit(batch)
            next += batch.count
        }
    }

    private static let transactionBytes = 16 << 20

    /// What the egress guard must let through to reach the receiver.
    static func senderConfiguration(threads: Int) throws -> SenderConfiguration {
        var sender = SenderConfiguration()
        sender.threads = threads
        sender.guard = EgressGuard(allow: [try CIDR("127.0.0.0/8")])
        return sender
    }
}

/// What delivering a whole backlog cost.
struct DeliveryRun {
    let deliveries: Int
    let emit: Measurement
    let deliver: Measurement
    let statements: Int
    let commits: Int
    let databaseBytes: Int
    /// Processor time of the writer's thread and of the senders', in microseconds.
    let writerMicroseconds: Double
    let senderMicroseconds: Double

    var perSecond: Double { Double(deliveries) / deliver.wallSeconds }
    var cpuMicroseconds: Double { deliver.cpuSeconds / Double(deliveries) * 1e6 }

    /// Writes a workload into a new outbox and delivers it.
    static func of(_ workload: Workload, threads: Int, port: Int) throws -> DeliveryRun {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let outbox = try Outbox(path: folder.database)
        defer { outbox.close() }
        _ = try outbox.apply(try workload.topology(port: port))
        let emit = try Measurement.of { try workload.emitAll(to: outbox) }
        let threadTimes = ThreadTimes()
        let engine = try Engine(
            outbox: outbox,
            configuration: EngineConfiguration(untilSettled: true, sender: try Workload.senderConfiguration(threads: threads)),
            log: { threadTimes.notice($0) }
        )
        let before = try outbox.counters()
        let writerBefore = ThreadFacts.cpuMicroseconds(ofThreadsNamed: ThreadTimes.writer)
        let deliver = try Measurement.of { try engine.run() }
        let after = try outbox.counters()
        let status = try outbox.status()
        guard status.deliveries[.delivered] ?? 0 == workload.deliveries else {
            throw BenchProblem("not all of \(workload.deliveries) deliveries were delivered: \(status.deliveries)")
        }
        let times = threadTimes.atEnd.withLock { $0 }
        return DeliveryRun(
            deliveries: workload.deliveries,
            emit: emit,
            deliver: deliver,
            statements: after.statements - before.statements,
            commits: after.commits - before.commits,
            databaseBytes: folder.databaseBytes,
            writerMicroseconds: times.writer - writerBefore,
            senderMicroseconds: times.senders
        )
    }
}

/// Reads the threads' processor time when an engine starts to end: afterwards its senders are gone.
final class ThreadTimes: Sendable {
    static let writer = "posthorn-write"
    static let senders = "posthorn-send"

    let atEnd = Mutex<(writer: Double, senders: Double)>((0, 0))

    func notice(_ event: EngineEvent) {
        guard case .draining = event else { return }
        let writer = ThreadFacts.cpuMicroseconds(ofThreadsNamed: Self.writer)
        let senders = ThreadFacts.cpuMicroseconds(ofThreadsNamed: Self.senders)
        atEnd.withLock { $0 = (writer, senders) }
    }
}
