import Glibc
import PosthornBenchReports
import PosthornSystem

/// `posthorn-bench serve`
struct ServeBenchmark: Benchmark {
    static let name = "serve"
    static let summary = "requests a second of the HTTP server under the API with an empty handler, beside nginx"
    static let explanation = """
        The server with one thread and a handler that answers at once, and an nginx of one process with `return 200`, each alone on the
        machine's first core, in turns. A load generator runs beside them on the other cores. Where one core of it is not enough to keep
        the server's core busy, both servers seem equally fast, so the processor time of a request is printed too.
        """
    static let example = "posthorn-bench serve --rounds 5"
    static var options: [BenchOption<Self>] {
        [
            .text("--client", "COMMAND", "the load generator; {url} is the server, {cores} the cores that it is to use", \.client),
            .count("--rounds", "N", "rounds", \.rounds),
        ]
    }

    var client = "taskset --cpu-list {cores} wrk -t1 -c64 -d3 {url}"
    var rounds = 3

    private static let core = 0
    private static var cores: Int { Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    func run() throws -> any BenchResult {
        guard Self.cores > 1 else { throw BenchProblem("serve needs two cores: one for the server and one for its clients") }
        let answering = try AnsweringProcess(core: Self.core)
        defer { answering.end() }
        let nginx = try NginxProcess(ReceiverKind(), hosts: 1, silentPort: 9, core: Self.core)
        defer { nginx.end() }
        var (rates, costs) = (PairedRuns(), PairedRuns())
        for _ in 0..<rounds {
            let ours = try measure(answering.port) { answering.cpuSeconds }
            let theirs = try measure(nginx.port) { nginx.cpuSeconds }
            rates.add(ours.perSecond, theirs.perSecond)
            costs.add(ours.cpuMicroseconds, theirs.cpuMicroseconds)
        }
        return FigureList(
            title: "The HTTP server with an empty handler, in turns with nginx and `return 200`, each on one core; \(rounds) rounds",
            settings: [("rounds", rounds)],
            figures: rates.figures("requests_per_second", "requests/s", "posthorn", "nginx")
                + costs.figures("cpu_us_per_request", "CPU µs a request", "posthorn", "nginx")
        )
    }

    private func measure(_ port: Int, _ cpuSeconds: () -> Double) throws -> (perSecond: Double, cpuMicroseconds: Double) {
        let (start, cpu) = (MonotonicClock.nanoseconds(), cpuSeconds())
        let found = try OtherProgram(command: client).run(["url": "http://127.0.0.1:\(port)/", "cores": "1-\(Self.cores - 1)"])
        let seconds = Double(MonotonicClock.nanoseconds() - start) / 1e9
        return (found.perSecond, (cpuSeconds() - cpu) * 1e6 / (found.perSecond * seconds))
    }
}
