#if PostgreSQL
import Glibc
import Posthorn
import PosthornBenchReports
import PosthornModel
import PosthornSystem

/// Deliveries of events that a platform inserts, before and while a session keeps the server from removing deleted rows.
struct PostgresHeld {
    let load: Workload
    /// How many waves of events there are while it does.
    let waves: Int

    private static let rowsPerInsert = 500

    func run(_ cluster: PostgresCluster) throws -> [Figure] {
        let sink = try SinkProcess()
        defer { sink.end() }
        let address = try cluster.makeDatabase()
        defer { try? cluster.dropDatabase() }
        let outbox = try Outbox(postgreSQL: address)
        defer { outbox.close() }
        _ = try outbox.apply(try load.topology(port: sink.port))
        let configuration = EngineConfiguration(sender: try Workload.senderConfiguration(threads: 2))
        let engine = try Engine(outbox: outbox, configuration: configuration)
        try engine.start()
        let platform = try PostgresSession(address)
        let data = String(decoding: load.data, as: UTF8.self)
        func wave() throws -> (perSecond: Double, serverMicroseconds: Double) {
            let goal = engine.statistics.delivered + load.deliveries
            let (start, cpu) = (MonotonicClock.nanoseconds(), cluster.cpuSeconds)
            var left = load.events
            while left > 0 {
                let count = min(left, Self.rowsPerInsert)
                try platform.run(
                    """
                    INSERT INTO posthorn_outbox (type, node, data)
                    SELECT 'bench.' || i % \(load.groups), 'bench', $1 FROM generate_series(1, \(count)) i
                    """,
                    [data]
                )
                left -= count
            }
            while engine.statistics.delivered < goal { usleep(500) }
            let count = Double(load.deliveries)
            return (count / (Double(MonotonicClock.nanoseconds() - start) / 1e9), (cluster.cpuSeconds - cpu) / count * 1e6)
        }
        _ = try wave()
        let free = try wave()
        let holder = try PostgresSession(address)
        try holder.run("BEGIN ISOLATION LEVEL REPEATABLE READ")
        _ = try holder.number("SELECT count(*) FROM posthorn_setting")
        let begin = MonotonicClock.nanoseconds()
        let held = try (0..<waves).map { _ in try wave() }
        let seconds = Double(MonotonicClock.nanoseconds() - begin) / 1e9
        try holder.run("COMMIT")
        try engine.stop()
        guard let last = held.last else { return [] }
        return held.enumerated().map { number, found in
            Figure("held_wave_\(number + 1)_per_second", "deliveries/s in wave \(number + 1) beside the session", found.perSecond)
        } + [
            .init("free_per_second", "deliveries/s before", free.perSecond),
            .init("held_ratio", "of that in the last wave beside it", last.perSecond / free.perSecond),
            .init("free_server_cpu_us", "CPU µs a delivery of the server before, its accepting by SQL included", free.serverMicroseconds),
            .init("held_server_cpu_us", "the same in the last wave", last.serverMicroseconds),
            .init("held_seconds", "seconds that the session was there", seconds),
        ]
    }
}
#endif
