import Glibc
import Posthorn
import PosthornBenchReports
import PosthornModel
import PosthornSending
import PosthornSystem

/// What delivering a whole backlog cost.
struct DeliveryRun {
    let deliveries: Int
    let emit: Measurement
    let deliver: Measurement
    let statements: Int
    let commits: Int
    let roundTrips: Int
    let databaseBytes: Int
    /// Processor time of the writer's thread and of the senders', in microseconds.
    let writerMicroseconds: Double
    let senderMicroseconds: Double
    /// See ``SenderStatistics/connectionsPerRequestAtOnce``.
    let connectionsPerRequestAtOnce: Double
    /// Lists that the HTTP API answered meanwhile, a second.
    let listsPerSecond: Double

    var perSecond: Double { Double(deliveries) / deliver.wallSeconds }
    var cpuMicroseconds: Double { deliver.cpuSeconds / Double(deliveries) * 1e6 }

    /// Writes a workload into a new outbox and delivers it.
    /// - Parameters:
    ///   - isWarm: Whether one delivery to each endpoint, which is not measured, opens connections before.
    ///   - lists: Has the HTTP API open meanwhile, and asks it for so many lists a second.
    ///   - address: Where the outbox is in PostgreSQL; `nil` for a file.
    ///   - ready: Called between the two.
    static func of(
        _ workload: Workload,
        threads: Int,
        port: Int,
        isWarm: Bool = false,
        lists: Int? = nil,
        in address: String? = nil,
        ready: () -> Void = {}
    ) throws -> DeliveryRun {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let outbox = try open(folder, address)
        defer { outbox.close() }
        _ = try outbox.apply(try workload.topology(port: port))
        let sender = try Workload.senderConfiguration(threads: threads, caFile: workload.caFile)
        let engine = try Engine(
            outbox: outbox,
            configuration: EngineConfiguration(untilSettled: !isWarm, sender: sender)
        )
        var warmUp = workload
        warmUp.events = isWarm ? workload.groups : 0
        if isWarm {
            try warmUp.emitAll(to: outbox)
            try engine.start()
            wait(for: warmUp.deliveries, engine)
        }
        let emit = try Measurement.of { try workload.emitAll(to: outbox, isOneTransaction: isWarm) }
        let before = try outbox.counters()
        let timesBefore = times(engine)
        let api = try lists.map { try APIBeside(outbox, listsPerSecond: $0) }
        ready()
        let deliver = try Measurement.of {
            if isWarm { wait(for: warmUp.deliveries + workload.deliveries, engine) } else { try engine.run() }
        }
        let answered = api?.end() ?? 0
        let timesAfter = times(engine)
        if isWarm { try engine.stop() }
        let after = try outbox.counters()
        let status = try outbox.status()
        guard status.deliveries[.delivered] ?? 0 == workload.deliveries + warmUp.deliveries else {
            throw BenchProblem("not all of \(workload.deliveries) deliveries were delivered: \(status.deliveries)")
        }
        return DeliveryRun(
            deliveries: workload.deliveries,
            emit: emit,
            deliver: deliver,
            statements: after.statements - before.statements,
            commits: after.commits - before.commits,
            roundTrips: after.roundTrips - before.roundTrips,
            databaseBytes: folder.databaseBytes,
            writerMicroseconds: timesAfter.writer - timesBefore.writer,
            senderMicroseconds: timesAfter.senders - timesBefore.senders,
            connectionsPerRequestAtOnce: engine.statistics.senders?.connectionsPerRequestAtOnce ?? 0,
            listsPerSecond: Double(answered) / deliver.wallSeconds
        )
    }

    private static func open(_ folder: TemporaryFolder, _ address: String?) throws -> Outbox {
        #if PostgreSQL
        if let address { return try Outbox(postgreSQL: address) }
        #endif
        return try Outbox(path: folder.database)
    }

    /// Processor time of the writer's thread and of the senders' so far, in microseconds.
    private static func times(_ engine: Engine) -> (writer: Double, senders: Double) {
        let senders = engine.statistics.senders?.threadCPUMicroseconds.reduce(0, +) ?? 0
        return (ThreadFacts.cpuMicroseconds(ofThreadsNamed: "posthorn-write"), Double(senders))
    }

    private static func wait(for deliveries: Int, _ engine: Engine) {
        while engine.statistics.delivered < deliveries { usleep(500) }
    }
}
