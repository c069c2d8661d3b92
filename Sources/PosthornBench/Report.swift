import PosthornModel

extension DeliverBenchmark.Report {
    /// The figures, each under its name for programs.
    private var figures: [(name: String, label: String, value: Double)] {
        let count = Double(deliveries)
        return [
            ("deliveries_per_second", "deliveries/s", count / deliver.wallSeconds),
            ("cpu_us_per_delivery", "CPU µs a delivery", deliver.cpuSeconds / count * 1e6),
            ("statements_per_delivery", "statements a delivery", Double(statements) / count),
            ("deliveries_per_commit", "deliveries a commit", count / Double(max(1, commits))),
            ("allocations_per_delivery", "allocations a delivery", Double(deliver.allocations) / count),
            ("seconds", "seconds", deliver.wallSeconds),
            ("emit_cpu_us_per_delivery", "CPU µs to emit a delivery", emit.cpuSeconds / count * 1e6),
            ("database_bytes_per_delivery", "bytes on disk a delivery", Double(databaseBytes) / count),
            ("peak_resident_mib", "MiB resident at most", Measurement.peakResidentMebibytes()),
        ]
    }

    private func rounded(_ value: Double) -> String {
        let tenths = (value * 10).rounded() / 10
        return value >= 1000 ? String(Int(value.rounded())) : String(tenths)
    }

    func table(_ benchmark: DeliverBenchmark) -> String {
        let rows = figures.map { figure in
            let value = rounded(figure.value)
            return "  " + String(repeating: " ", count: max(0, 10 - value.count)) + value + "  " + figure.label
        }
        let head =
            "\(benchmark.events) events of \(benchmark.payloadBytes) bytes, fan-out \(benchmark.fanOut), "
            + "\(benchmark.endpoints) endpoints, \(benchmark.threads) sender threads, Standard Webhooks signatures"
        return ([head] + rows).joined(separator: "\n")
    }

    func json(_ benchmark: DeliverBenchmark) -> String {
        var members: [JSONValue.Member] = [
            .init("events", .number(String(benchmark.events))),
            .init("fan_out", .number(String(benchmark.fanOut))),
            .init("endpoints", .number(String(benchmark.endpoints))),
            .init("payload_bytes", .number(String(benchmark.payloadBytes))),
            .init("threads", .number(String(benchmark.threads))),
            .init("deliveries", .number(String(deliveries))),
        ]
        members += figures.map { .init($0.name, .number(rounded($0.value))) }
        return JSONValue.object(members).text
    }
}
