#if PostgreSQL
import Glibc
import Posthorn
import PosthornBenchReports
import PosthornModel
import PosthornSystem

/// What delivering from PostgreSQL costs, beside SQLite.
struct PostgresBenchmark: Benchmark {
    static let name = "postgres"
    static let summary = "deliveries from PostgreSQL beside SQLite, two engines beside one, latency, and what it asks of the server"
    static let explanation = """
        Starts a PostgreSQL server in a temporary folder (Unix socket, fsync on) on this machine and measures over it, in parts:
        deliver      a backlog is delivered from PostgreSQL and from SQLite in turns, to the same receiver; with --against in turns
                     with another program instead, which finds the receiver's port at {port}, an empty folder at {folder} and the
                     address of an empty database of the same server at {database}
        dispatchers  the same by two engines over one outbox and by one, in turns
        record       a store alone, without engine and receiver, reads deliveries and records them; with --against beside another
                     program that does so
        latency      events on an idle engine, from another session's COMMIT of a plain INSERT to the request at the receiver
        idle         what an engine with nothing to do asks of the server
        held         events by SQL in --rounds pairs of waves of --events: to an outbox of whose database a session keeps deleted
                     rows, and to one that grows as much without; only where it is asked for

        The last line of JSON of a program of --against has rps (a second) and cus (CPU µs each). The server's CPU is that of all its
        processes. Round trips are messages to the server that were waited for.
        """
    static let example = "posthorn-bench postgres --part latency --samples 200"
    static var options: [BenchOption<Self>] {
        [
            .text("--part", "NAME", "one part instead of all", \.part),
            .count("--events", "N", "events in a backlog", \.load.events),
            .count("--fan-out", "N", "endpoints that get each event", \.load.fanOut),
            .count("--endpoints", "N", "endpoints in all", \.load.endpoints),
            .count("--payload", "BYTES", "size of an event's data", \.load.payloadBytes),
            .count("--rounds", "N", "pairs of runs", \.rounds),
            .count("--samples", "N", "events whose latency is measured", \.samples),
            .text("--against", "COMMAND", "with --part deliver or record: a program to compare with", \.against),
        ]
    }

    var part = ""
    var load = Workload()
    var rounds = 3
    var samples = 200
    var against = ""

    private static let parts = ["deliver", "dispatchers", "record", "latency", "idle"]
    private static let held = "held"

    func check() throws {
        try load.check()
        let names = Self.parts + [Self.held]
        if !part.isEmpty, !names.contains(part) {
            throw BenchProblem.usage("--part is one of \(names.joined(separator: ", "))")
        }
        if !against.isEmpty, part != "deliver", part != "record" {
            throw BenchProblem.usage("--against wants --part deliver or --part record beside it")
        }
    }

    func run() throws -> any BenchResult {
        ProcessFile.raiseDescriptorLimit()
        let cluster = try PostgresCluster()
        defer { cluster.end() }
        var figures: [Figure] = []
        let wanted = part.isEmpty ? Self.parts : [part]
        if wanted.contains("deliver") { figures += try deliver(cluster) }
        if wanted.contains("dispatchers") { figures += try dispatchers(cluster) }
        if wanted.contains("record") { figures += try record(cluster) }
        if wanted.contains("latency") { figures += try PostgresLatency(samples: samples, payloadBytes: load.payloadBytes).run(cluster) }
        if wanted.contains("idle") { figures += try idle(cluster) }
        if wanted.contains(Self.held) { figures += try PostgresHeld(load: load, waves: rounds).run(cluster) }
        return FigureList(
            title: "PostgreSQL: \(load.events) events of \(load.payloadBytes) bytes, fan-out \(load.fanOut), \(load.endpoints) endpoints",
            settings: [
                ("events", load.events), ("fan_out", load.fanOut), ("endpoints", load.endpoints), ("payload_bytes", load.payloadBytes),
                ("rounds", rounds),
            ],
            figures: figures
        )
    }

    // MARK: Delivering

    private func deliver(_ cluster: PostgresCluster) throws -> [Figure] {
        let sink = try SinkProcess()
        defer { sink.end() }
        var (rate, cpu) = (PairedRuns(), PairedRuns())
        var server: [Double] = []
        var written: [Double] = []
        let last = try Rounds.make(rounds) {
            let address = try cluster.makeDatabase()
            let (serverBefore, walBefore) = (cluster.cpuSeconds, try cluster.walBytes())
            var serverAtDelivery = serverBefore
            let ours = try DeliveryRun.of(load, threads: 2, port: sink.port, in: address) { serverAtDelivery = cluster.cpuSeconds }
            let perDelivery = 1e6 / Double(ours.deliveries)
            server.append((cluster.cpuSeconds - serverAtDelivery) * perDelivery)
            written.append((try cluster.walBytes() - walBefore) / Double(ours.deliveries))
            try cluster.dropDatabase()
            let theirs = try other(cluster, sink.port)
            rate.add(ours.perSecond, theirs.perSecond)
            cpu.add(ours.cpuMicroseconds, theirs.cpuMicroseconds)
            return ours
        }
        let count = Double(last.deliveries)
        let names = against.isEmpty ? ("PostgreSQL", "SQLite") : ("engine", "the other")
        return rate.figures("deliveries_per_second", "deliveries/s", names.0, names.1)
            + cpu.figures("cpu_us_per_delivery", "CPU µs a delivery, the server's left out", names.0, names.1) + [
                .init("server_cpu_us_per_delivery", "CPU µs a delivery of the server, median", Sample(server).median),
                .init("wal_bytes_per_delivery", "bytes of WAL a delivery, accepting included", Sample(written).median),
                .init("round_trips_per_delivery", "round trips a delivery", Double(last.roundTrips) / count),
                .init("statements_per_delivery", "statements a delivery", Double(last.statements) / count),
                .init("deliveries_per_commit", "deliveries a commit", count / Double(max(1, last.commits))),
                .init("writer_us_per_delivery", "CPU µs a delivery on the writer's thread", last.writerMicroseconds / count),
            ]
    }

    /// What the engine is compared with: itself on SQLite, or another program.
    private func other(_ cluster: PostgresCluster, _ port: Int) throws -> Findings {
        if against.isEmpty {
            let run = try DeliveryRun.of(load, threads: 2, port: port)
            return Findings(perSecond: run.perSecond, cpuMicroseconds: run.cpuMicroseconds)
        }
        let database = try cluster.makeDatabase()
        let found = try OtherProgram(command: against).run(["port": "\(port)", "database": database])
        try cluster.dropDatabase()
        return found
    }

    private func dispatchers(_ cluster: PostgresCluster) throws -> [Figure] {
        let sink = try SinkProcess()
        defer { sink.end() }
        var (rate, cpu) = (PairedRuns(), PairedRuns())
        for _ in 0..<rounds {
            let two = try PostgresTeam(engines: 2, load, sink.port).run(cluster)
            let one = try PostgresTeam(engines: 1, load, sink.port).run(cluster)
            rate.add(two.perSecond, one.perSecond)
            cpu.add(two.serverMicroseconds, one.serverMicroseconds)
        }
        return rate.figures("shared_deliveries_per_second", "deliveries/s", "two engines", "one engine")
            + cpu.figures("shared_server_cpu_us_per_delivery", "CPU µs a delivery of the server", "two engines", "one engine")
    }

    // MARK: Recording

    private func record(_ cluster: PostgresCluster) throws -> [Figure] {
        var rate = PairedRuns()
        var cpu = PairedRuns()
        for _ in 0..<rounds {
            let address = try cluster.makeDatabase()
            let ours = try PostgresStoreLoop(load).run(address, cluster)
            try cluster.dropDatabase()
            var theirs = Findings(perSecond: 0, cpuMicroseconds: 0)
            if !against.isEmpty {
                let database = try cluster.makeDatabase()
                theirs = try OtherProgram(command: against).run(["database": database])
                try cluster.dropDatabase()
            }
            rate.add(ours.perSecond, theirs.perSecond)
            cpu.add(ours.cpuMicroseconds, theirs.cpuMicroseconds)
        }
        if against.isEmpty {
            return [
                .init("recorded_per_second", "deliveries/s read and recorded by the store alone", Sample(rate.pairs.map(\.ours)).median),
                .init("record_server_cpu_us", "CPU µs of the server for each", Sample(cpu.pairs.map(\.ours)).median),
            ]
        }
        return rate.figures("recorded_per_second", "deliveries/s read and recorded", "store", "the other")
            + cpu.figures("record_server_cpu_us", "CPU µs of the server for each", "store", "the other")
    }

    // MARK: Idle

    private static let idleSeconds = 10

    private func idle(_ cluster: PostgresCluster) throws -> [Figure] {
        let sink = try SinkProcess()
        defer { sink.end() }
        let address = try cluster.makeDatabase()
        let outbox = try Outbox(postgreSQL: address)
        defer { outbox.close() }
        let load = Workload(events: 1, fanOut: 1, endpoints: 200)
        _ = try outbox.apply(try load.topology(port: sink.port))
        let engine = try Engine(
            outbox: outbox,
            configuration: EngineConfiguration(sender: try Workload.senderConfiguration(threads: 2))
        )
        try engine.start()
        try load.emitAll(to: outbox)
        while engine.statistics.delivered < 1 { usleep(1000) }
        sleep(3)
        let session = try PostgresSession(address)
        // Each session reports what it has done at most once a second, and an idle one at once.
        let transactions = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        let before = (try session.number(transactions), cluster.cpuSeconds, try outbox.counters().roundTrips)
        sleep(UInt32(Self.idleSeconds))
        let after = (try session.number(transactions), cluster.cpuSeconds, try outbox.counters().roundTrips)
        try engine.stop()
        let seconds = Double(Self.idleSeconds)
        return [
            .init("idle_round_trips_per_second", "round trips a second of an idle engine's writer", Double(after.2 - before.2) / seconds),
            .init(
                "idle_transactions_per_second",
                "transactions a second of an idle engine, beats included",
                Double(after.0 - before.0) / seconds
            ),
            .init("idle_server_cpu_percent", "% of a core of the server's, beside an idle engine", (after.1 - before.1) / seconds * 100),
        ]
    }
}
#endif
