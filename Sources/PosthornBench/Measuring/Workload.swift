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
    /// The addresses of ``LoopbackHosts``, in turns.
    var hosts = 1
    /// Over TLS, the authorities that the receiver's certificates are to be judged by; `nil` in clear text.
    var caFile: String?
    var timeoutMilliseconds = EndpointSettings.defaultTimeoutMilliseconds

    var deliveries: Int { events * fanOut }
    /// The endpoints of one type of event make a group.
    var groups: Int { endpoints / fanOut }

    /// Throws unless the endpoints can be shared out evenly.
    func check() throws {
        if endpoints % fanOut != 0 { throw BenchProblem.usage("--endpoints must be a multiple of --fan-out") }
        if hosts > LoopbackHosts.limit { throw BenchProblem.usage("--hosts is at most \(LoopbackHosts.limit)") }
    }

    /// The settings of the endpoint with this number, at a receiver's port.
    func endpoint(_ number: Int, port: Int) throws -> EndpointSettings {
        let host = LoopbackHosts(count: hosts).address(number)
        return EndpointSettings(
            id: "e\(number)",
            node: "bench",
            url: "\(caFile == nil ? "http" : "https")://\(host):\(port)/hook/\(number)",
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
    /// - Parameter isOneTransaction: All in one, so that an engine that runs meanwhile finds all of them at once.
    func emitAll(to outbox: Outbox, isOneTransaction: Bool = false) throws {
        let data = data
        let step = isOneTransaction ? events : max(1, min(1000, Self.transactionBytes / max(1, payloadBytes)))
        var next = 0
        while next < events {
            let batch = (next..<min(next + step, events)).map { NewEvent(type: "bench.\($0 % groups)", node: "bench", data: data) }
            _ = try outbox.emit(batch)
            next += batch.count
        }
    }

    private static let transactionBytes = 16 << 20

    /// What the egress guard must let through to reach the receiver, and whom to trust.
    static func senderConfiguration(threads: Int, caFile: String? = nil) throws -> SenderConfiguration {
        var sender = SenderConfiguration()
        sender.threads = threads
        sender.caFile = caFile
        sender.guard = EgressGuard(allow: [try CIDR("127.0.0.0/8")])
        return sender
    }
}
