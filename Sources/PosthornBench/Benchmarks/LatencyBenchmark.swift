import CPosthornSQLite
import Glibc
import Posthorn
import PosthornBenchReports
import PosthornModel
import PosthornSystem

/// How long one event takes on an idle engine: from the start of emit, flush included, to the request at the receiver.
struct LatencyBenchmark: Benchmark {
    static let name = "latency"
    static let summary = "one event on an idle engine, from emit to the request at the receiver"
    static let explanation = """
        Emits one event at a time on an engine that has nothing else to do, and measures from the start of the call to the
        request at the receiver, flush to disk included: through the library, and as a row that another connection inserts with
        SQL and commits. Beside that it measures what nobody can do without on this disk: the commit of such a row in another
        outbox, for which no engine runs.
        """
    static let example = "posthorn-bench latency --events 2000"
    static var options: [BenchOption<Self>] {
        [
            .count("--events", "N", "events of each kind", \.events),
            .count("--payload", "BYTES", "size of an event's data", \.payloadBytes),
        ]
    }

    var events = 1000
    var payloadBytes = 1200

    private static let warmUp = 50

    func run() throws -> any BenchResult {
        let sink = try TimedSink()
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let outbox = try Outbox(path: folder.database)
        defer { outbox.close() }
        let load = Workload(events: events, fanOut: 1, endpoints: 1, payloadBytes: payloadBytes)
        _ = try outbox.apply(try load.topology(port: sink.port))
        let configuration = EngineConfiguration(sender: try Workload.senderConfiguration(threads: 2))
        let engine = try Engine(outbox: outbox, configuration: configuration)
        try engine.start()
        let event = NewEvent(type: "bench.0", node: "bench", data: load.data)
        var emits: [Double] = []
        let library = try measure(sink, engine) {
            let start = MonotonicClock.nanoseconds()
            _ = try outbox.emit(event)
            emits.append(Double(MonotonicClock.nanoseconds() - start) / 1000)
        }
        let inserter = try Inserter(path: folder.database, data: load.data)
        let sql = try measure(sink, engine) { try inserter.insert() }
        try engine.stop()
        let bare = try bareCommits(in: "\(folder.path)/bare.db", load.data)
        return FigureList(
            title: "\(events) events of \(payloadBytes) bytes, one at a time on an idle engine, flush included",
            settings: [("events", events), ("payload_bytes", payloadBytes)],
            figures: Self.figures("emit_to_request", "µs from emit to the request", library)
                + Self.figures("emit", "µs until emit returns", Array(emits.dropFirst(Self.warmUp)))
                + Self.figures("sql_to_request", "µs from another connection's INSERT to the request", sql)
                + Self.figures("bare_commit", "µs for a bare commit by SQLite", bare)
        )
    }

    /// Microseconds from the start of `work` to the request that follows, for each event after a warm-up.
    private func measure(_ sink: TimedSink, _ engine: Engine, _ work: () throws -> Void) throws -> [Double] {
        var found: [Double] = []
        for number in 0..<(events + Self.warmUp) {
            let goal = engine.statistics.delivered + 1
            sink.expect()
            let start = MonotonicClock.nanoseconds()
            try work()
            let arrival = sink.waitForRequests()
            if number >= Self.warmUp { found.append(Double(arrival - start) / 1000) }
            while engine.statistics.delivered < goal { usleep(100) }
            // Idle again, and not in step with any timer.
            usleep(UInt32(1000 + number * 37 % 1000))
        }
        return found
    }

    /// Microseconds for the commit of each row, at the same pace.
    private func bareCommits(in path: String, _ data: [UInt8]) throws -> [Double] {
        let outbox = try Outbox(path: path)
        _ = try outbox.apply(try Workload(endpoints: 3).topology(port: 1))
        outbox.close()
        let inserter = try Inserter(path: path, data: data)
        return try (0..<(events + Self.warmUp)).map { number in
            usleep(UInt32(1000 + number * 37 % 1000))
            let start = MonotonicClock.nanoseconds()
            try inserter.insert()
            return Double(MonotonicClock.nanoseconds() - start) / 1000
        }.suffix(events)
    }

    private static func figures(_ name: String, _ label: String, _ values: [Double]) -> [Figure] {
        let sample = Sample(values)
        return [
            .init("\(name)_p50_us", "\(label), p50", sample.percentile(50)),
            .init("\(name)_p90_us", "\(label), p90", sample.percentile(90)),
            .init("\(name)_p99_us", "\(label), p99", sample.percentile(99)),
            .init("\(name)_max_us", "\(label), largest", sample.largest),
        ]
    }
}

/// A platform's own connection that writes into the outbox with SQL.
private final class Inserter {
    private let handle: OpaquePointer
    private let statement: OpaquePointer

    init(path: String, data: [UInt8]) throws {
        var connection: OpaquePointer?
        var prepared: OpaquePointer?
        let sql = "INSERT INTO posthorn_outbox (type, node, data) VALUES ('bench.0', 'bench', '\(String(decoding: data, as: UTF8.self))')"
        guard sqlite3_open(path, &connection) == SQLITE_OK, let connection,
            sqlite3_exec(connection, "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0", nil, nil, nil) == SQLITE_OK,
            sqlite3_busy_timeout(connection, 10_000) == SQLITE_OK,
            sqlite3_prepare_v2(connection, sql, -1, &prepared, nil) == SQLITE_OK, let prepared
        else { throw BenchProblem("the second connection: \(connection.map { String(cString: sqlite3_errmsg($0)) } ?? path)") }
        handle = connection
        statement = prepared
    }

    deinit {
        sqlite3_finalize(statement)
        sqlite3_close_v2(handle)
    }

    /// One event in a transaction of its own.
    func insert() throws {
        guard sqlite3_step(statement) == SQLITE_DONE else { throw BenchProblem(String(cString: sqlite3_errmsg(handle))) }
        sqlite3_reset(statement)
    }
}
