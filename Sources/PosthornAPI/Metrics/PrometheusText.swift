import PosthornText

/// Writes metrics in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4).
struct PrometheusText {
    /// The type of the text.
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    typealias Labels = [(name: String, value: String)]

    private(set) var text = ""

    /// A number that only grows while the process lives.
    mutating func counter(_ name: String, _ help: String, _ samples: [(labels: Labels, value: Double)]) {
        family(name, "counter", help, samples)
    }

    mutating func counter(_ name: String, _ help: String, _ value: some BinaryInteger) { counter(name, help, [([], Double(value))]) }

    /// A number of this moment.
    mutating func gauge(_ name: String, _ help: String, _ samples: [(labels: Labels, value: Double)]) {
        family(name, "gauge", help, samples)
    }

    mutating func gauge(_ name: String, _ help: String, _ value: Double) { gauge(name, help, [([], value)]) }

    /// Values by their size.
    /// - Parameter unitsPerWhole: How many units of the counts are one of the metric's: 1,000,000 for microseconds and seconds.
    mutating func histogram(_ name: String, _ help: String, unitsPerWhole: Double, _ samples: [(labels: Labels, counts: BucketCounts)]) {
        if samples.isEmpty { return }
        begin(name, "histogram", help)
        for (labels, counts) in samples {
            var sum: Int64 = 0
            for (place, count) in counts.counts.enumerated() {
                sum += count
                let bound = place < counts.bounds.count ? Self.number(Double(counts.bounds[place]) / unitsPerWhole) : "+Inf"
                line(name + "_bucket", labels + [("le", bound)], Double(sum))
            }
            line(name + "_sum", labels, Double(counts.sum) / unitsPerWhole)
            line(name + "_count", labels, Double(sum))
        }
    }

    private mutating func family(_ name: String, _ kind: String, _ help: String, _ samples: [(labels: Labels, value: Double)]) {
        if samples.isEmpty { return }
        begin(name, kind, help)
        for (labels, value) in samples { line(name, labels, value) }
    }

    private mutating func begin(_ name: String, _ kind: String, _ help: String) {
        text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind)\n"
    }

    private mutating func line(_ name: String, _ labels: Labels, _ value: Double) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }.joined(separator: ",") + "}"
        }
        text += " \(Self.number(value))\n"
    }

    /// A whole number without a fraction.
    static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return String(whole) }
        return "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        let safe = text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        return quotes ? safe.replacing("\"", with: "\\\"") : safe
    }
}
