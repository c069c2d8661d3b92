#if PostgreSQL
import Glibc
import Posthorn
import PosthornBenchReports
import PosthornModel
import PosthornSystem

/// Deliveries of events that a platform inserts, while a session keeps the server from removing deleted rows, and in turns those of another
/// outbox that grows as much without one: a session holds back the rows of its own database alone.
struct PostgresHeld {
    let load: Workload
    /// How many waves of events there are while it does, at each of the two outboxes.
    let waves: Int

    private static let rowsPerInsert = 500

    func run(_ cluster: PostgresCluster) throws -> [Figure] {
        let sink = try SinkProcess()
        defer { sink.end() }
        let free = try Side(load, cluster, sink)
        defer { free.end() }
        let held = try Side(load, cluster, sink)
        defer { held.end() }
        for side in [free, held] { _ = try wave(side, cluster) }
        let holder = try PostgresSession(held.address)
        try holder.run("BEGIN ISOLATION LEVEL REPEATABLE READ")
        _ = try holder.number("SELECT count(*) FROM posthorn_setting")
        let begin = MonotonicClock.nanoseconds()
        let pairs = try (0..<waves).map { _ in (free: try wave(free, cluster), held: try wave(held, cluster)) }
        let seconds = Double(MonotonicClock.nanoseconds() - begin) / 1e9
        try holder.run("COMMIT")
        guard let last = pairs.last else { return [] }
        return pairs.enumerated().map { number, pair in
            Figure(
                "held_ratio_\(number + 1)",
                "of the rate without the session, in pair \(number + 1) of waves",
                pair.held.perSecond / pair.free.perSecond
            )
        } + [
            .init("free_per_second", "deliveries/s without it in the last pair", last.free.perSecond),
            .init("held_per_second", "deliveries/s beside it", last.held.perSecond),
            .init("held_ratio", "of the rate without it", last.held.perSecond / last.free.perSecond),
            .init("free_server_cpu_us", "server's CPU µs a delivery without it, accepting by SQL included", last.free.serverMicroseconds),
            .init("held_server_cpu_us", "the same beside it", last.held.serverMicroseconds),
            .init("held_seconds", "seconds that the session was there", seconds),
        ]
    }

    /// An outbox with an engine, and a platform's session.
    private final class Side {
        let address: String
        let platform: PostgresSession
        let engine: Engine
        private let outbox: Outbox

        init(_ load: Workload, _ cluster: PostgresCluster, _ sink: SinkProcess) throws {
            address = try cluster.makeDatabase()
            outbox = try Outbox(postgreSQL: address)
            _ = try outbox.apply(try load.topology(port: sink.port))
            engine = try Engine(outbox: outbox, configuration: EngineConfiguration(sender: try Workload.senderConfiguration(threads: 2)))
            try engine.start()
            platform = try PostgresSession(address)
        }

        func end() {
            try? engine.stop()
            outbox.close()
        }
    }

    private struct Wave {
        let perSecond: Double
        let serverMicroseconds: Double
    }

    private func wave(_ side: Side, _ cluster: PostgresCluster) throws -> Wave {
        let data = String(decoding: load.data, as: UTF8.self)
        let goal = side.engine.statistics.delivered + load.deliveries
        let (start, cpu) = (MonotonicClock.nanoseconds(), cluster.cpuSeconds)
        var left = load.events
        while left > 0 {
            let count = min(left, Self.rowsPerInsert)
            try side.platform.run(
                """
                INSERT INTO posthorn_outbox (type, node, data)
                SELECT 'bench.' || i % \(load.groups), 'bench', $1 FROM generate_series(1, \(count)) i
                """,
                [data]
            )
            left -= count
        }
        while side.engine.statistics.delivered < goal { usleep(500) }
        let count = Double(load.deliveries)
        return Wave(
            perSecond: count / (Double(MonotonicClock.nanoseconds() - start) / 1e9),
            serverMicroseconds: (cluster.cpuSeconds - cpu) / count * 1e6
        )
    }
}
#endif
