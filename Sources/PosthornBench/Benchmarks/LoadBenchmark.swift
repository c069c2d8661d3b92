import PosthornText
import PosthornBenchReports
import PosthornLab
import PosthornModel
import PosthornSending
import PosthornSystem

/// What the load generator reaches when every connection sends its next request as soon as it has its answer.
struct LoadBenchmark: Benchmark {
    static let name = "load"
    static let summary = "requests a second of `load` at its peak, beside another load generator"
    static let explanation = """
        The closed model of `posthorn load` against a receiver of the benchmark's own. With --against, another load generator
        runs in turns with it. {url} in its command is the receiver, {script} a script for wrk that posts the same body, and
        {folder} an empty folder; it must print a line of JSON with rps (requests a second) and cus (CPU µs a request), or a
        line as wrk does that begins with Requests/sec.
        """
    static let example = "posthorn-bench load --tls --against 'wrk -t2 -c64 -d3 -s {script} {url}'"
    static var options: [BenchOption<Self>] {
        [
            .count("--connections", "N", "connections", \.connections),
            .count("--payload", "BYTES", "size of a request's body", \.load.payloadBytes),
            .count("--threads", "N", "sender threads", \.threads),
            .count("--seconds", "N", "length of each run", \.seconds),
            .text("--against", "COMMAND", "a load generator to compare with", \.against),
            .count("--rounds", "N", "runs", \.rounds),
        ] + ReceiverKind.options(\.receiver)
    }

    var load = Workload()
    var connections = 64
    var threads = 2
    var seconds = 3
    var against = ""
    var rounds = 3
    var receiver = ReceiverKind()

    func run() throws -> any BenchResult {
        let sink = try BenchReceiver(receiver, hosts: 1)
        defer { sink.end() }
        let watch = try sink.caFile.map { try CertificateFileWatch($0) }
        let url = "\(receiver.isTLS ? "https" : "http")://127.0.0.1:\(sink.port)/hook/0"
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let other = OtherProgram(command: against)
        var marks = ["url": url, "script": "\(folder.path)/post.lua"]
        marks["ca"] = sink.caFile
        try TextFile.write(script, to: "\(folder.path)/post.lua")
        var (rates, pairs, sent) = ([Double](), PairedRuns(), 0)
        for _ in 0..<rounds {
            let report = try send(url, sink.caFile)
            rates.append(report.requestsPerSecond)
            sent += Int(report.requests)
            if !against.isEmpty { pairs.add(report.requestsPerSecond, try other.run(marks).perSecond) }
        }
        var figures = [Figure("requests_per_second", "requests/s, median", Sample(rates).median)]
        if against.isEmpty {
            figures += try sink.connections().figures(hosts: 1, deliveries: sent, isTLS: receiver.isTLS)
            if let watch { figures.append(.init("authority_loads", "readings of the file of authorities", Double(watch.openings))) }
        } else {
            figures += pairs.figures("requests_per_second", "requests/s", "load", "the other")
        }
        return FigureList(
            title: "The closed model with \(connections) connections, bodies of \(load.payloadBytes) bytes, "
                + "\(rounds) rounds of \(seconds) s\(receiver.text)" + (against.isEmpty ? "" : ", in turns with: \(against)"),
            settings: [
                ("connections", connections), ("payload_bytes", load.payloadBytes), ("threads", threads), ("seconds", seconds),
                ("rounds", rounds),
            ],
            figures: figures
        )
    }

    /// What wrk is to send, in its own language.
    private var script: String {
        let body = String(decoding: load.data, as: UTF8.self)
        return "wrk.method = \"POST\"\nwrk.headers[\"Content-Type\"] = \"application/json\"\nwrk.body = '\(body)'\n"
    }

    private func send(_ url: String, _ caFile: String?) throws -> LoadReport {
        var plan = LoadPlan(.closed(connections: connections))
        plan.nanoseconds = Int64(seconds) * 1_000_000_000
        plan.threads = threads
        var options = WireOptions()
        options.caFile = caFile
        let test = try LoadTest(
            try EndpointURL(url),
            plan: plan,
            content: .body(load.data),
            guard: OwnedHostGuard.make(isOwned: false),
            options: options
        )
        let report = try test.run()
        guard report.errors == 0 else { throw BenchProblem("\(report.errors) of \(report.requests) requests failed") }
        return report
    }
}
