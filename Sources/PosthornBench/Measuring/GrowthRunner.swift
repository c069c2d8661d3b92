import Glibc
import Posthorn
import PosthornBenchReports
import PosthornModel
import PosthornSystem

/// What is run for one point of a curve.
struct GrowthStep {
    let load: Workload
    /// Whether the event that is timed waits behind the backlog, instead of being alone on an idle engine.
    let isProbedBehind: Bool
}

/// Runs an engine at one size and says what it cost.
struct GrowthRunner {
    private let probes: Int
    private let seconds: Int
    private let sink: TimedSink
    /// Takes the requests of the events that are timed, and no others.
    private let probeSink: TimedSink

    private static let probeType = "probe"
    /// The first events on an idle engine warm its statements and connections.
    private static let warmUp = 10
    private static let patienceMilliseconds: Int64 = 10_000

    init(probes: Int, seconds: Int) throws {
        self.probes = probes
        self.seconds = seconds
        sink = try TimedSink()
        probeSink = try TimedSink()
    }

    func measure(_ step: GrowthStep) throws -> GrowthPoint.Round {
        let load = step.load
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let outbox = try Outbox(path: folder.database)
        _ = try outbox.apply(try load.topology(port: sink.port, beside: try probeEndpoints(load)))
        try load.emitAll(to: outbox)
        outbox.close()
        sink.expect()
        let start = MonotonicClock.nanoseconds()
        let engine = try EngineProcess(database: folder.database)
        defer { engine.end() }
        let first = try sink.waitForFirstRequest()
        var latencies: [Double] = []
        let delivered: EngineProcess.Delivered
        if step.isProbedBehind {
            probeSink.expect(load.fanOut)
            let emitted = try engine.emit(type: Self.probeType, bytes: load.payloadBytes)
            delivered = try engine.deliver(load.deliveries + load.fanOut, seconds: seconds)
            if let arrived = probeSink.waitForRequests(milliseconds: 0) { latencies.append(Double(arrived - emitted) / 1e6) }
        } else {
            delivered = try engine.deliver(load.deliveries, seconds: seconds)
        }
        let peak = engine.peakResidentMebibytes
        if !step.isProbedBehind { latencies = try idleLatencies(engine, load) }
        return GrowthPoint.Round(
            perSecond: delivered.perSecond,
            cpuMicroseconds: delivered.cpuMicroseconds,
            peakMebibytes: peak,
            firstMilliseconds: Double(first - start) / 1e6,
            latencyMilliseconds: latencies
        )
    }

    /// Events one at a time, each when the one before it has arrived and a little time has passed.
    private func idleLatencies(_ engine: EngineProcess, _ load: Workload) throws -> [Double] {
        var found: [Double] = []
        for number in 0..<(Self.warmUp + probes) {
            probeSink.expect(load.fanOut)
            let emitted = try engine.emit(type: Self.probeType, bytes: load.payloadBytes)
            guard let arrived = probeSink.waitForRequests(milliseconds: Self.patienceMilliseconds) else {
                throw BenchProblem("an event on an idle engine did not arrive within \(Self.patienceMilliseconds / 1000) s")
            }
            if number >= Self.warmUp { found.append(Double(arrived - emitted) / 1e6) }
            // Its results are recorded, and it is not in step with any timer.
            usleep(UInt32(3000 + number * 37 % 1000))
        }
        return found
    }

    private func probeEndpoints(_ load: Workload) throws -> [EndpointSettings] {
        try (0..<load.fanOut).map { number in
            var settings = try load.endpoint(number, port: probeSink.port)
            settings.id = "probe-\(number)"
            settings.events = [try EventPattern(Self.probeType)]
            return settings
        }
    }
}
