import CPosthornSQLite
import Posthorn
import PosthornBenchReports
import PosthornModel
import PosthornSystem

/// What a delivered delivery takes on disk beside the payload.
struct DiskBenchmark: Benchmark {
    static let name = "disk"
    static let summary = "bytes on disk a delivered delivery, beside the payload"
    static let explanation = """
        Delivers a backlog, closes the outbox and looks at the file: its size without the payloads, which are stored once
        whatever the fan-out, shared out over the deliveries; and where the bytes are.
        """
    static let example = "posthorn-bench disk --events 30000 --fan-out 3"
    static var options: [BenchOption<Self>] {
        [
            .count("--events", "N", "events", \.load.events),
            .count("--fan-out", "N", "endpoints that get each event", \.load.fanOut),
            .count("--endpoints", "N", "endpoints in all", \.load.endpoints),
            .count("--payload", "BYTES", "size of an event's data", \.load.payloadBytes),
        ]
    }

    var load = Workload()

    func check() throws { try load.check() }

    func run() throws -> any BenchResult {
        let sink = try SinkProcess()
        defer { sink.end() }
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try deliver(to: sink, folder)
        let count = Double(load.deliveries)
        let payload = load.events * load.data.count
        let tables = try Self.sizes(in: folder.database).map { name, bytes in
            Figure("\(name)_bytes", "in \(name)", Double(bytes) / count)
        }
        let total = folder.databaseBytes
        return FigureList(
            title: "\(load.deliveries) delivered deliveries of \(load.events) events of \(load.payloadBytes) bytes; "
                + "bytes a delivery",
            settings: [
                ("events", load.events), ("fan_out", load.fanOut), ("endpoints", load.endpoints),
                ("payload_bytes", load.payloadBytes),
            ],
            figures: [
                .init("bytes_beside_payload", "beside the payload", Double(total - payload) / count),
                .init("bytes_in_all", "in all", Double(total) / count),
            ] + tables
        )
    }

    private func deliver(to sink: SinkProcess, _ folder: TemporaryFolder) throws {
        let outbox = try Outbox(path: folder.database)
        defer { outbox.close() }
        _ = try outbox.apply(try load.topology(port: sink.port))
        try load.emitAll(to: outbox)
        let sender = try Workload.senderConfiguration(threads: 2)
        try Engine(outbox: outbox, configuration: EngineConfiguration(untilSettled: true, sender: sender)).run()
    }

    /// Bytes of each table and index, payload included, largest first, from SQLite's own dbstat table.
    private static func sizes(in path: String) throws -> [(String, Int)] {
        var connection: OpaquePointer?
        defer { sqlite3_close(connection) }
        var rows: OpaquePointer?
        defer { sqlite3_finalize(rows) }
        let sql = "SELECT name, sum(pgsize) FROM dbstat GROUP BY name HAVING sum(pgsize) > 65536 ORDER BY 2 DESC"
        guard sqlite3_open(path, &connection) == SQLITE_OK, sqlite3_prepare_v2(connection, sql, -1, &rows, nil) == SQLITE_OK
        else { throw BenchProblem("dbstat: \(String(cString: sqlite3_errmsg(connection)))") }
        var found: [(String, Int)] = []
        while sqlite3_step(rows) == SQLITE_ROW {
            found.append((String(cString: sqlite3_column_text(rows, 0)), Int(sqlite3_column_int64(rows, 1))))
        }
        return found
    }
}
