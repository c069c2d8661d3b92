#if PostgreSQL
import Posthorn
import PosthornBenchReports
import PosthornModel
import PosthornPostgres
import PosthornStore
import PosthornSystem
import PosthornText

/// A store that reads deliveries with their events and records them, without an engine.
struct PostgresStoreLoop {
    let load: Workload

    init(_ load: Workload) { self.load = load }

    private static let rowsPerTurn = 512

    func run(_ address: String, _ cluster: PostgresCluster) throws -> Findings {
        let outbox = try Outbox(postgreSQL: address)
        _ = try outbox.apply(try load.topology(port: 1))
        try load.emitAll(to: outbox)
        outbox.close()
        let clock = SystemClock()
        let store = try PostgresLocation(address).open(sealing: nil, at: clock.now())
        guard try store.join(alone: true) else { throw BenchProblem("the store cannot be joined") }
        defer { store.leave() }
        _ = try store.lease()
        let (start, cpu) = (MonotonicClock.nanoseconds(), cluster.cpuSeconds)
        var (last, count): (Int64, Int) = (0, 0)
        while true {
            var rows: [ReadyRow] = []
            try store.turn { () throws(OutboxProblem) in
                _ = try store.commitsByOthers()
                _ = try store.lease()
                _ = try store.scanReady(after: last, limit: Self.rowsPerTurn) { (row) throws(OutboxProblem) in
                    rows.append(row)
                    return try store.event(row.event) != nil
                }
            }
            guard let end = rows.last else { break }
            last = end.delivery
            let now = clock.now()
            try store.write { () throws(OutboxProblem) in
                _ = try store.topologyGeneration()
                _ = try store.lease()
                try store.record(rows.map { Self.success($0, at: now) })
            }
            count += rows.count
        }
        let seconds = Double(MonotonicClock.nanoseconds() - start) / 1e9
        return Findings(
            perSecond: Double(count) / seconds,
            cpuMicroseconds: (cluster.cpuSeconds - cpu) / Double(max(1, count)) * 1e6
        )
    }

    private static func success(_ row: ReadyRow, at now: Timestamp) -> AttemptRecord {
        let outcome = AttemptOutcome(
            started: now,
            durationMicroseconds: 1000,
            status: 200,
            error: nil,
            errorText: "",
            response: Array("ok".utf8),
            address: "127.0.0.1:8080"
        )
        let transition = Transition(state: .delivered, attempts: 1, nextAttemptAt: nil)
        return AttemptRecord(delivery: row.delivery, number: 1, outcome: outcome, transition: transition)
    }
}
#endif
