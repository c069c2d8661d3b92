import PosthornBenchReports
import PosthornLab
import PosthornModel
import PosthornSending

/// How near to the peak the load generator keeps an open schedule, with receiver and generator on the same cores.
struct ScheduleBenchmark: Benchmark {
    static let name = "schedule"
    static let summary = "how well `load` keeps an open schedule at shares of its own peak"
    static let explanation = """
        In turns, against a receiver of its own: the closed model, which is the peak, and the open model at a share of the peak
        that was just found. A schedule is kept as far as its requests were answered within its time. The peak is measured again
        right after it, since a machine that has become slower meanwhile was asked for more than the share.
        """
    static let example = "posthorn-bench schedule --shares 50,70 --rounds 5"
    static var options: [BenchOption<Self>] {
        [
            .text("--shares", "N,N,…", "percentages of the peak", \.shares),
            .count("--connections", "N", "connections of the closed model", \.connections),
            .count("--payload", "BYTES", "size of a request's body", \.load.payloadBytes),
            .count("--threads", "N", "sender threads", \.threads),
            .count("--seconds", "N", "length of each run", \.seconds),
            .count("--rounds", "N", "runs of each share", \.rounds),
        ]
    }

    var load = Workload()
    var shares = "50,60,70,80"
    var connections = 64
    var threads = 2
    var seconds = 3
    var rounds = 5

    /// What the runs at one share have shown, an element each.
    private struct Runs {
        var kept: [Double] = []
        var ofPeak: [Double] = []
        var medianMilliseconds: [Double] = []
        var p99Milliseconds: [Double] = []
    }

    func check() throws {
        let percentages = try SizeList.read(shares, flag: "--shares")
        guard !percentages.isEmpty, percentages.allSatisfy({ $0 <= 100 }) else {
            throw BenchProblem.usage("--shares wants percentages from 1 to 100 with commas between them, not \(shares)")
        }
    }

    func run() throws -> any BenchResult {
        let sink = try SinkProcess()
        defer { sink.end() }
        let url = try EndpointURL("http://127.0.0.1:\(sink.port)/hook/0")
        let percentages = try SizeList.read(shares, flag: "--shares")
        var runs = [Runs](repeating: Runs(), count: percentages.count)
        var peaks = [try send(.closed(connections: connections), url).requestsPerSecond]
        for round in 1...rounds {
            for (index, percentage) in percentages.enumerated() {
                Progress.tell("round \(round) of \(rounds): \(percentage) % of the peak")
                let before = peaks[peaks.count - 1]
                let rate = (before * Double(percentage) / 100).rounded()
                let schedule = try RateSpecification(String(Int(rate)))
                let open = try send(.open(schedule, poisson: false), url)
                let after = try send(.closed(connections: connections), url).requestsPerSecond
                peaks.append(after)
                runs[index].kept.append(100 * open.requestsPerSecond / rate)
                runs[index].ofPeak.append(100 * rate / ((before + after) / 2))
                runs[index].medianMilliseconds.append(Double(open.latencies.percentile(50)) / 1e6)
                runs[index].p99Milliseconds.append(Double(open.latencies.percentile(99)) / 1e6)
            }
        }
        Progress.end()
        return FigureList(
            title: "Open schedules beside the peak of \(connections) connections, bodies of \(load.payloadBytes) bytes, "
                + "\(rounds) rounds in turns of \(seconds) s",
            settings: [
                ("connections", connections), ("payload_bytes", load.payloadBytes), ("threads", threads),
                ("seconds", seconds), ("rounds", rounds),
            ],
            figures: [.init("peak_per_second", "requests/s, closed model, median", Sample(peaks).median)]
                + zip(percentages, runs).flatMap(figures)
        )
    }

    private func figures(_ percentage: Int, _ runs: Runs) -> [Figure] {
        let within = runs.kept.count { $0 >= 99 }
        return [
            .init("kept_\(percentage)", "% of the schedule kept at \(percentage) % of the peak, median", Sample(runs.kept).median),
            .init("kept_least_\(percentage)", "the same, least", runs.kept.min() ?? 0),
            .init("within_1_percent_\(percentage)", "of \(rounds) runs kept it within 1 %", Double(within)),
            .init("of_peak_\(percentage)", "% of the peak before and after it, median", Sample(runs.ofPeak).median),
            .init("p50_ms_\(percentage)", "ms from the intended moment to the answer, p50, median", Sample(runs.medianMilliseconds).median),
            .init("p99_ms_\(percentage)", "the same, p99, median", Sample(runs.p99Milliseconds).median),
        ]
    }

    private func send(_ model: LoadPlan.Model, _ url: EndpointURL) throws -> LoadReport {
        var plan = LoadPlan(model)
        plan.nanoseconds = Int64(seconds) * 1_000_000_000
        plan.threads = threads
        let report = try LoadTest(url, plan: plan, content: .body(load.data), guard: OwnedHostGuard.make(isOwned: false)).run()
        guard report.errors == 0 else { throw BenchProblem("\(report.errors) of \(report.requests) requests failed") }
        return report
    }
}
