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
    let databaseBytes: Int
    /// Processor time of the writer's thread and of the senders', in microseconds.
    let writerMicroseconds: Double
    let senderMicroseconds: Double
    /// See ``SenderStatistics/connectionsPerRequestAtOnce``.
    let connectionsPerRequestAtOnce: Double

    var perSecond: Double { Double(deliveries) / deliver.wallSeconds }
    var cpuMicroseconds: Double { deliver.cpuSeconds / Double(deliveries) * 1e6 }

    /// Writes a workload into a new outbox and delivers it.
    /// - Parameter isWarm: Whether one delivery to each endpoint, which is not measured, opens connections before.
    static func of(_ workload: Workload, threads: Int, port: Int, isWarm: Bool = false) throws -> DeliveryRun {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let outbox = try Outbox(path: folder.database)
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
        let deliver = try Measurement.of {
            if isWarm { wait(for: warmUp.deliveries + workload.deliveries, engine) } else { try engine.run() }
        }
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
            databaseBytes: folder.databaseBytes,
            writerMicroseconds: timesAfter.writer - timesBefore.writer,
            senderMicroseconds: timesAfter.senders - timesBefore.senders,
            connectionsPerRequestAtOnce: engine.statistics.senders?.connectionsPerRequestAtOnce ?? 0
        )
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
