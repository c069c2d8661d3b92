import PosthornText

/// Why and when a load was stopped by one of its bounds.
public struct LoadStop: Equatable, Sendable {
    /// The bound as it was written.
    public let bound: String
    /// What was measured.
    public let measured: String
    /// When, in nanoseconds from the start of the measured part.
    public let nanoseconds: Int64

    /// What was measured and when.
    public var detail: String { "\(measured) after \(LoadReport.number(Double(nanoseconds) / 1e9).text) s, when the load was stopped" }

    /// One line.
    public var line: String { "stopped by --stop-if \(bound): \(detail)" }

    var json: JSONValue {
        .object([
            .init("bound", .string(bound)), .init("measured", .string(measured)),
            .init("after_s", LoadReport.number(Double(nanoseconds) / 1e9)),
        ])
    }
}
