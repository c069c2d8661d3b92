#if PostgreSQL
import Glibc
import Posthorn
import PosthornBenchReports
import PosthornModel
import PosthornSystem

/// From a platform's COMMIT to the request at the receiver.
struct PostgresLatency {
    let samples: Int
    let payloadBytes: Int

    private static let warmUp = 20

    func run(_ cluster: PostgresCluster) throws -> [Figure] {
        let sink = try TimedSink()
        let address = try cluster.makeDatabase()
        let outbox = try Outbox(postgreSQL: address)
        defer { outbox.close() }
        let load = Workload(events: samples, fanOut: 1, endpoints: 1, payloadBytes: payloadBytes)
        _ = try outbox.apply(try load.topology(port: sink.port))
        let configuration = EngineConfiguration(sender: try Workload.senderConfiguration(threads: 2))
        let engine = try Engine(outbox: outbox, configuration: configuration)
        try engine.start()
        let platform = try PostgresSession(address)
        let data = String(decoding: load.data, as: UTF8.self)
        var trips = 0
        func measure(_ pause: (Int) -> Int) throws -> [Double] {
            let before = try outbox.counters().roundTrips
            defer { trips = ((try? outbox.counters().roundTrips) ?? 0) - before }
            return try (0..<(samples + Self.warmUp)).compactMap { number in
                let goal = engine.statistics.delivered + 1
                sink.expect()
                try platform.run("BEGIN")
                try platform.run(
                    "INSERT INTO posthorn_outbox (type, node, data) VALUES ('bench.0', 'bench', $1)",
                    [data]
                )
                let start = MonotonicClock.nanoseconds()
                try platform.run("COMMIT")
                let arrival = sink.waitForRequests()
                while engine.statistics.delivered < goal { usleep(100) }
                usleep(UInt32(pause(number)))
                return number < Self.warmUp ? nil : Double(arrival - start) / 1000
            }
        }
        // Not in step with any timer of the engine's.
        let asleep = try measure { 150_000 + $0 * 37_000 % 200_000 }
        let tripsAsleep = Double(trips) / Double(samples + Self.warmUp)
        let awake = try measure { 1000 + $0 * 37 % 3000 }
        try engine.stop()
        return Self.figures("asleep_commit_to_request", "µs from COMMIT to the request, engine asleep", asleep)
            + Self.figures("awake_commit_to_request", "µs from COMMIT to the request, events every few ms", awake)
            + [.init("round_trips_per_lone_event", "round trips an event that comes alone, looks until the next included", tripsAsleep)]
    }

    private static func figures(_ name: String, _ label: String, _ values: [Double]) -> [Figure] {
        let sample = Sample(values)
        return [(50, "p50"), (90, "p90"), (99, "p99")].map { part, text in
            Figure("\(name)_\(text)_us", "\(label), \(text)", sample.percentile(Double(part)))
        }
    }
}
#endif
