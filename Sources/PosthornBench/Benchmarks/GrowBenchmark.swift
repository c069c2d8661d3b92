import Glibc
import PosthornBenchReports
import PosthornModel

/// How rate, CPU, memory and latency grow with the backlog, the endpoints, the payload and the fan-out.
struct GrowBenchmark: Benchmark {
    static let name = "grow"
    static let summary = "rate, CPU, memory and latency as backlog, endpoints, payload and fan-out grow; plots"
    static let explanation = """
        Lets one thing grow at a time, all others held at 200 endpoints, a fan-out of 1 and 1200 bytes: the waiting deliveries,
        the endpoints, the size of an event's data, the endpoints that get each event. For each size an engine in a process of
        its own delivers a backlog; then, when it is idle, events are emitted one at a time and timed from emit to the last of
        their requests. As the backlog grows, the event that is timed is emitted behind it, for an endpoint of its own.

        A size of 10000000 with --backlog takes some minutes and gigabytes of /tmp. --svg writes a plot of each into a folder.
        """
    static let example = "posthorn-bench grow --rounds 3 --svg plots"
    static var options: [BenchOption<Self>] {
        [
            .text("--backlog", "N,N,…", "waiting deliveries, or none", \.backlog),
            .text("--endpoints", "N,N,…", "endpoints, or none", \.endpoints),
            .text("--payload", "N,N,…", "bytes of an event's data, or none", \.payload),
            .text("--fan-out", "N,N,…", "endpoints that get each event, or none", \.fanOut),
            .count("--deliveries", "N", "deliveries of each run but those of a backlog", \.deliveries),
            .count("--probes", "N", "events timed one at a time at each size", \.probes),
            .count("--rounds", "N", "rounds through all sizes", \.rounds),
            .count("--seconds", "N", "how long each engine delivers at most", \.seconds),
            .text("--svg", "FOLDER", "where plots are written", \.svg),
        ]
    }

    var backlog = "10000,100000,1000000"
    var endpoints = "1,10,100,1000,10000,50000"
    var payload = "100,1000,10000,100000,1000000"
    var fanOut = "1,10,100,1000"
    var deliveries = 60_000
    var probes = 100
    var rounds = 1
    var seconds = 60
    var svg = ""

    func check() throws {
        let sizes = try [("--backlog", backlog), ("--endpoints", endpoints), ("--payload", payload), ("--fan-out", fanOut)]
            .flatMap { try SizeList.read($0.1, flag: $0.0) }
        if sizes.isEmpty { throw BenchProblem.usage("nothing is left to grow") }
        if svg.isEmpty { return }
        // Now and not after a long run. The slash makes a file of that name an error.
        if (mkdir(svg, 0o755) != 0 && errno != EEXIST) || access("\(svg)/", W_OK) != 0 {
            throw BenchProblem("--svg \(InputProblem.printable(svg)): \(String(cString: strerror(errno)))")
        }
    }

    func run() throws -> any BenchResult {
        ProcessFile.raiseDescriptorLimit()
        let runner = try GrowthRunner(probes: probes, seconds: seconds)
        var growths = try self.growths()
        for round in 1...rounds {
            for curve in growths.indices {
                for step in growths[curve].steps.indices {
                    let size = growths[curve].curve.points[step].size
                    Progress.tell("round \(round) of \(rounds): \(size) \(growths[curve].curve.label)")
                    growths[curve].curve.points[step].add(try runner.measure(growths[curve].steps[step]))
                }
            }
        }
        Progress.end()
        let curves = growths.map(\.curve)
        if !svg.isEmpty {
            for curve in curves { try TextFile.write(ChartDrawing.svg(curve.chart), to: "\(svg)/grow-\(curve.name).svg") }
        }
        return GrowthReport(curves: curves)
    }

    /// A curve and what is run for each of its points.
    private struct Growth {
        var curve: GrowthCurve
        let steps: [GrowthStep]
    }

    private static let endpointsHeld = 200
    /// Data that the runs with large events write in all.
    private static let dataBytesLimit = 256_000_000
    private static let idle = "emit to last request on an idle engine"

    private func growths() throws -> [Growth] {
        let held = Workload(events: deliveries, fanOut: 1, endpoints: Self.endpointsHeld)
        let runs = "\(ShortNumber.text(Double(deliveries))) deliveries"
        let all = try [
            growth(
                "backlog",
                backlog,
                "waiting deliveries",
                "200 endpoints, fan-out 1, 1.2 KB; latency is that of an event behind the backlog, for an endpoint of its own",
                "latency behind the backlog"
            ) { size in
                var load = held
                load.events = size
                return GrowthStep(load: load, isProbedBehind: true)
            },
            growth("endpoints", endpoints, "endpoints", "\(runs), fan-out 1, 1.2 KB", Self.idle) { size in
                var load = held
                load.endpoints = size
                return GrowthStep(load: load, isProbedBehind: false)
            },
            growth("payload", payload, "bytes of data", "\(runs) or 256 MB, 200 endpoints, fan-out 1", Self.idle) { size in
                var load = held
                load.payloadBytes = size
                load.events = max(200, min(deliveries, Self.dataBytesLimit / size))
                return GrowthStep(load: load, isProbedBehind: false)
            },
            growth("fan-out", fanOut, "deliveries an event", "\(runs), 200 endpoints or as many as the fan-out, 1.2 KB", Self.idle) {
                size in
                var load = held
                load.fanOut = size
                load.endpoints = size * max(1, Self.endpointsHeld / size)
                load.events = max(1, deliveries / size)
                return GrowthStep(load: load, isProbedBehind: false)
            },
        ]
        return all.filter { !$0.steps.isEmpty }
    }

    private func growth(
        _ name: String,
        _ sizes: String,
        _ label: String,
        _ held: String,
        _ latencyLabel: String,
        _ step: (Int) -> GrowthStep
    ) throws -> Growth {
        let sizes = try SizeList.read(sizes, flag: "--\(name)")
        let steps = sizes.map(step)
        let points = zip(sizes, steps).map { GrowthPoint(size: $0, payloadBytes: $1.load.payloadBytes) }
        return Growth(
            curve: GrowthCurve(name: name, label: label, held: held, latencyLabel: latencyLabel, points: points),
            steps: steps
        )
    }
}
