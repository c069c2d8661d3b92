import Posthorn
import PosthornAPI
import PosthornBenchReports
import PosthornLab
import PosthornModel
import PosthornSending
import PosthornSystem
import PosthornText

/// `posthorn-bench lists`
struct ListsBenchmark: Benchmark {
    static let name = "lists"
    static let summary = "how long lists of the HTTP API take on a large outbox, by filter"
    static let explanation = """
        Fills an outbox with deliveries in every state, one in fifty of them exhausted and one in twenty pending, and asks the HTTP API for
        lists of them with every kind of filter, page after page: also with filters that match nothing, which have the most to look
        through. Filling takes a minute for each two million deliveries, and half a gigabyte of disk for each million.
        """
    static let example = "posthorn-bench lists --deliveries 2000000"
    static var options: [BenchOption<Self>] {
        [
            .count("--deliveries", "N", "deliveries in the outbox", \.deliveries),
            .count("--endpoints", "N", "endpoints in all", \.endpoints),
            .count("--requests", "N", "requests for each filter", \.requests),
        ]
    }

    var deliveries = 1_000_000
    var endpoints = 201
    var requests = 300

    private static let fanOut = 3

    /// What is asked for, with a name.
    private static let lists = [
        ("all", "/v1/deliveries?limit=50"), ("pending", "/v1/deliveries?state=pending"), ("exhausted", "/v1/deliveries?state=exhausted"),
        ("held", "/v1/deliveries?state=held"), ("two_states", "/v1/deliveries?state=exhausted&state=pending"),
        ("endpoint", "/v1/deliveries?endpoint=e7"), ("endpoint_exhausted", "/v1/deliveries?endpoint=e7&state=exhausted"),
        ("type", "/v1/deliveries?type=bench.5"), ("type_unknown", "/v1/deliveries?type=none"),
        ("node", "/v1/deliveries?node=bench&state=delivered"), ("error", "/v1/deliveries?error=http_status"),
        ("error_none", "/v1/deliveries?error=timeout"), ("status_class", "/v1/deliveries?status_class=4"),
        ("retrying", "/v1/deliveries?order=next_attempt"),
        ("attempts", "/v1/deliveries?attempts_min=6"), ("long_ago", "/v1/deliveries?before=2001-01-01T00:00:00.000Z"),
        ("events", "/v1/events"), ("events_unknown", "/v1/events?type=none"), ("endpoints", "/v1/endpoints"),
    ]

    func check() throws {
        if endpoints % Self.fanOut != 0 { throw BenchProblem.usage("--endpoints must be a multiple of \(Self.fanOut)") }
    }

    func run() throws -> any BenchResult {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let outbox = try Outbox(path: folder.database)
        defer { outbox.close() }
        let filled = try Measurement.of { try fill(outbox) }
        Progress.tell("filled in \(Int(filled.wallSeconds)) s")
        let server = try APIServer(outbox, listen: try ListenAddress("127.0.0.1:0"))
        defer { server.stop() }
        let connection = try KeptConnection(port: server.port)
        var figures: [Figure] = []
        var slowest = 0.0
        for (name, target) in Self.lists {
            let latencies = try measure(target, connection)
            let p99 = Double(latencies.percentile(99)) / 1e6
            slowest = max(slowest, p99)
            figures.append(.init("\(name)_p50_ms", "ms of half the requests, \(target)", Double(latencies.percentile(50)) / 1e6))
            figures.append(.init("\(name)_p99_ms", "ms of 99 in a hundred, \(target)", p99))
        }
        let status = try outbox.status()
        figures += DeliveryState.allCases.map { .init($0.rawValue, "deliveries \($0.rawValue)", Double(status.deliveries[$0] ?? 0)) }
        figures.append(.init("slowest_p99_ms", "ms, the slowest list's 99 in a hundred", slowest))
        figures.append(.init("database_bytes", "bytes on disk", Double(folder.databaseBytes)))
        return FigureList(
            title: "\(requests) requests for each of \(Self.lists.count) lists, one after the other over one connection, "
                + "\(endpoints) endpoints",
            settings: [("deliveries", deliveries), ("endpoints", endpoints), ("requests", requests)],
            figures: figures
        )
    }

    /// Goes through a list page by page, and begins again at its end.
    private func measure(_ target: String, _ connection: KeptConnection) throws -> LatencyHistogram {
        var latencies = LatencyHistogram()
        var cursor: String?
        for _ in 0..<requests {
            let more = cursor.map { (target.contains("?") ? "&" : "?") + "cursor=\($0)" } ?? ""
            let request = KeptConnection.request("GET", target + more)
            let start = MonotonicClock.nanoseconds()
            let answer = try connection.ask(request, expecting: 200)
            latencies.record(MonotonicClock.nanoseconds() - start)
            cursor = Self.cursor(in: String(decoding: answer, as: UTF8.self))
        }
        return latencies
    }

    private static func cursor(in answer: String) -> String? {
        let mark = #""next_cursor":""#
        guard let place = answer.firstRange(of: mark) else { return nil }
        return String(answer[place.upperBound...].prefix { $0 != "\"" })
    }

    /// Most is delivered, and the rest waits.
    private func fill(_ outbox: Outbox) throws {
        var load = Workload()
        (load.endpoints, load.fanOut, load.payloadBytes) = (endpoints, Self.fanOut, 64)
        _ = try outbox.apply(try load.topology(port: 9))
        let waiting = deliveries / 20
        load.events = (deliveries - waiting) / Self.fanOut
        try load.emitAll(to: outbox)
        try Engine.deliverMost(of: outbox)
        load.events = waiting / Self.fanOut
        try load.emitAll(to: outbox)
    }
}
