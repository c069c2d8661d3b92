import Posthorn
import PosthornAPI
import PosthornBenchReports
import PosthornLab
import PosthornModel
import PosthornSystem
import PosthornText
import Synchronization

/// `posthorn-bench api`
struct APIBenchmark: Benchmark {
    static let name = "api"
    static let summary = "events accepted a second over HTTP, beside the library in the same run"
    static let explanation = """
        Hands events in over many connections of the HTTP API, each of which waits for its answer, one event a request and in batches of
        100 and 1,000; and the same through the library from as many threads. Both in turns, round after round, each on an outbox of its
        own. Then both get single events at the same rate, half of what HTTP took at its peak, at times of their own (an open schedule),
        and how long each took counts from its time. The clients of the API are threads of this process, so what they cost is in its figures. Where the server says that too much
        waits for the disk, they send the same again after the time that it names, which counts as the time of that call.
        """
    static let example = "posthorn-bench api --events 20000 --connections 64"
    static var options: [BenchOption<Self>] {
        [
            .count("--events", "N", "events of each way in each round", \.load.events),
            .count("--connections", "N", "connections, and threads of the library", \.connections),
            .count("--fan-out", "N", "endpoints that get each event", \.load.fanOut),
            .count("--endpoints", "N", "endpoints in all", \.load.endpoints),
            .count("--payload", "BYTES", "size of an event's data", \.load.payloadBytes),
            .count("--rounds", "N", "rounds", \.rounds),
            .count("--seconds", "N", "length of each run at the same rate", \.seconds),
        ]
    }

    var load: Workload = {
        var load = Workload()
        load.events = 20_000
        return load
    }()
    var connections = 64
    var rounds = 3
    var seconds = 3

    private static let batches = [1, 100, 1000]

    func check() throws { try load.check() }

    /// What one way of handing in took.
    private struct Way {
        /// How often the server said that too much waits.
        var refusals = 0
        let perSecond: Double
        let p50Microseconds: Double
        let p99Microseconds: Double
    }

    func run() throws -> any BenchResult {
        ProcessFile.raiseDescriptorLimit()
        var figures: [Figure] = []
        var peak = 0.0
        for size in Self.batches {
            var (rate, latency) = (PairedRuns(), PairedRuns())
            var refusals = 0
            for _ in 0..<rounds {
                let http = try overHTTP(size)
                refusals += http.refusals
                let library = try throughLibrary(size)
                rate.add(http.perSecond, library.perSecond)
                latency.add(http.p99Microseconds, library.p99Microseconds)
            }
            if size == 1 { peak = Sample(rate.pairs.map(\.ours)).median }
            let label = size == 1 ? "one a request" : "\(size) a request"
            figures += rate.figures("events_per_second_\(size)", "events/s, \(label)", "HTTP", "library")
            figures.append(.init("refused_\(size)", "requests to send again later, \(label), in all rounds", Double(refusals)))
            figures += latency.figures("p99_us_\(size)", "µs of the slowest call in a hundred, \(label)", "HTTP", "library")
        }
        figures += try atTheSameRate(max(1, (peak / 2).rounded()))
        return FigureList(
            title: "\(load.events) events of \(load.payloadBytes) bytes, fan-out \(load.fanOut), over \(connections) connections, "
                + "\(rounds) rounds in turns",
            settings: [
                ("events", load.events), ("fan_out", load.fanOut), ("endpoints", load.endpoints), ("payload_bytes", load.payloadBytes),
                ("connections", connections), ("rounds", rounds),
            ],
            figures: figures
        )
    }

    private func atTheSameRate(_ perSecond: Double) throws -> [Figure] {
        var (half, slowest) = (PairedRuns(), PairedRuns())
        for _ in 0..<rounds {
            let http = try overHTTP(1, perSecond: perSecond)
            let library = try throughLibrary(1, perSecond: perSecond)
            half.add(http.p50Microseconds, library.p50Microseconds)
            slowest.add(http.p99Microseconds, library.p99Microseconds)
        }
        return [.init("same_rate_per_second", "events/s, one a request, at which both are asked", perSecond)]
            + half.figures("same_rate_p50_us", "µs of the call in the middle, at the same rate", "HTTP", "library")
            + slowest.figures("same_rate_p99_us", "µs of the slowest call in a hundred, at the same rate", "HTTP", "library")
    }

    private func overHTTP(_ size: Int, perSecond: Double? = nil) throws -> Way {
        try onOutbox { outbox in
            let server = try APIServer(outbox, listen: try ListenAddress("127.0.0.1:0"))
            defer { server.stop() }
            let refusals = Atomic(0)
            let events = eventTexts
            var way = try measure(size, perSecond) {
                let connection = try KeptConnection(port: server.port)
                return { numbers in
                    let body = size > 1 ? Self.array(of: events, numbers) : events[numbers.lowerBound % events.count]
                    let request = KeptConnection.request("POST", "/v1/events", body: body)
                    refusals.add(try connection.askPatiently(request, expecting: 202), ordering: .relaxed)
                }
            }
            way.refusals = refusals.load(ordering: .relaxed)
            return way
        }
    }

    private func throughLibrary(_ size: Int, perSecond: Double? = nil) throws -> Way {
        let (data, groups) = (load.data, load.groups)
        return try onOutbox { outbox in
            try measure(size, perSecond) {
                { numbers in
                    if size == 1 {
                        _ = try outbox.emit(NewEvent(type: "bench.\(numbers.lowerBound % groups)", node: "bench", data: data))
                    } else {
                        _ = try outbox.emit(numbers.map { NewEvent(type: "bench.\($0 % groups)", node: "bench", data: data) })
                    }
                }
            }
        }
    }

    /// An event of each group as JSON, made before anything is measured: what making them costs is not the API's.
    private var eventTexts: [[UInt8]] {
        let data = load.data
        return (0..<load.groups).map { group in Array(#"{"type":"bench.\#(group)","node":"bench","data":"#.utf8) + data + Array("}".utf8) }
    }

    private static func array(of events: [[UInt8]], _ numbers: Range<Int>) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(numbers.count * (events[0].count + 1) + 1)
        for number in numbers {
            body.append(UInt8(ascii: number == numbers.lowerBound ? "[" : ","))
            body += events[number % events.count]
        }
        body.append(UInt8(ascii: "]"))
        return body
    }

    private func onOutbox(_ work: (Outbox) throws -> Way) throws -> Way {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let outbox = try Outbox(path: folder.database)
        defer { outbox.close() }
        _ = try outbox.apply(try load.topology(port: 9))
        return try work(outbox)
    }

    /// Hands all events in from as many threads as there are connections.
    /// - Parameters:
    ///   - rate: Calls a second, each at its time; `nil` for one after the other as fast as they are taken.
    ///   - begin: Is called by each thread once, and makes what hands a call's events in, by their numbers.
    private func measure(_ size: Int, _ rate: Double?, _ begin: () throws -> (Range<Int>) throws -> Void) throws -> Way {
        let next = Atomic(0)
        let latencies = Mutex(LatencyHistogram())
        let failure = Mutex<(any Error)?>(nil)
        let schedule = rate.map { OpenSchedule(start: MonotonicClock.nanoseconds() + 10_000_000, perSecond: $0) }
        let events = schedule.map { $0.count(seconds: seconds) * size } ?? load.events
        let measurement = Measurement.of {
            ThreadTeam.run(connections) {
                do {
                    let handIn = try begin()
                    var own = LatencyHistogram()
                    while true {
                        let first = next.add(size, ordering: .relaxed).oldValue
                        if first >= events { break }
                        let start = schedule?.due(first / size) ?? MonotonicClock.nanoseconds()
                        MonotonicClock.wait(until: start)
                        try handIn(first..<min(first + size, events))
                        own.record(MonotonicClock.nanoseconds() - start)
                    }
                    latencies.withLock { $0.merge(own) }
                } catch {
                    failure.withLock { $0 = error }
                }
            }
        }
        if let problem = failure.withLock({ $0 }) { throw problem }
        let (p50, p99) = latencies.withLock { ($0.percentile(50), $0.percentile(99)) }
        return Way(
            perSecond: Double(events) / measurement.wallSeconds,
            p50Microseconds: Double(p50) / 1000,
            p99Microseconds: Double(p99) / 1000
        )
    }
}
