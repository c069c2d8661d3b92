#if PostgreSQL
import Glibc
import Posthorn
import PosthornBenchReports
import PosthornModel
import PosthornSystem

/// What several engines have done that share an outbox, or one.
struct PostgresTeam {
    let engines: Int
    let load: Workload
    let port: Int

    struct Found {
        let perSecond: Double
        let serverMicroseconds: Double
    }

    init(engines: Int, _ load: Workload, _ port: Int) {
        (self.engines, self.load, self.port) = (engines, load, port)
    }

    /// How many sender threads there are in all, however many engines share them.
    private static let threads = 2

    /// Has them deliver a backlog that is there at once, once each has its shards.
    func run(_ cluster: PostgresCluster) throws -> Found {
        let address = try cluster.makeDatabase()
        defer { try? cluster.dropDatabase() }
        let emitter = try Outbox(postgreSQL: address)
        defer { emitter.close() }
        _ = try emitter.apply(try load.topology(port: port))
        var members: [(outbox: Outbox, engine: Engine)] = []
        defer {
            for member in members {
                try? member.engine.stop()
                member.outbox.close()
            }
        }
        for _ in 0..<engines {
            let outbox = try Outbox(postgreSQL: address)
            let sender = try Workload.senderConfiguration(threads: Self.threads / engines)
            members.append((outbox, try Engine(outbox: outbox, configuration: EngineConfiguration(sender: sender))))
            try members[members.count - 1].engine.start()
        }
        let session = try PostgresSession(address)
        let shares = "SELECT count(DISTINCT dispatcher) * 100 + count(*) FROM posthorn_shard WHERE dispatcher IS NOT NULL"
        while try session.number(shares) != Int64(engines * 100 + 64) { usleep(20_000) }
        // Connections to the receiver are opened before, and all that happens once.
        var warmUp = load
        warmUp.events = load.groups
        try warmUp.emitAll(to: emitter)
        func delivered() -> Int { members.reduce(0) { $0 + $1.engine.statistics.delivered } }
        while delivered() < warmUp.deliveries { usleep(1000) }
        try load.emitAll(to: emitter, isOneTransaction: true)
        let (start, cpu, already) = (MonotonicClock.nanoseconds(), cluster.cpuSeconds, delivered() - warmUp.deliveries)
        while delivered() < warmUp.deliveries + load.deliveries { usleep(500) }
        let count = Double(load.deliveries - already)
        return Found(
            perSecond: count / (Double(MonotonicClock.nanoseconds() - start) / 1e9),
            serverMicroseconds: (cluster.cpuSeconds - cpu) / count * 1e6
        )
    }
}
#endif
