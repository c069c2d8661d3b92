import PosthornSending

/// One request of a load with its times, in nanoseconds: what percentiles are made of.
public struct LoadSample: Equatable, Sendable {
    /// When it was meant to leave, from the start of the measured part.
    public let intended: Int64
    /// When it left, from the same start.
    public let started: Int64
    /// When its answer or its failure had come, from the same start.
    public let ended: Int64
    /// The answer's status; `nil` when there was none, or none that was whole.
    public let status: Int?
    /// Whether it left at all: one that was given up when the time was over has no start, and ends when it was.
    public let wasSent: Bool

    init(_ answer: LoadAnswer, start: Int64) {
        intended = answer.ticket.intended - start
        started = answer.started - start
        ended = answer.ended - start
        status = answer.wholeStatus
        wasSent = true
    }

    /// One that was given up.
    /// - Parameters:
    ///   - intended: When it was meant to leave.
    ///   - nanoseconds: How long it has waited, at the least.
    init(abandoned intended: Int64, waited nanoseconds: Int64) {
        self.intended = intended
        (started, ended) = (intended + nanoseconds, intended + nanoseconds)
        (status, wasSent) = (nil, false)
    }

    /// From the intended moment to the answer.
    public var latency: Int64 { ended - intended }

    /// The titles of ``csvLine``.
    public static let csvTitles = "intended_us,latency_us,service_time_us,status\n"

    /// The request as comma-separated values in whole microseconds, with an empty status where there was no answer.
    public var csvLine: String {
        func microseconds(_ nanoseconds: Int64) -> String { String((nanoseconds + 500) / 1000) }
        let times = [microseconds(intended), microseconds(latency), microseconds(ended - started)]
        return times.joined(separator: ",") + ",\(status.map(String.init) ?? "")\n"
    }
}
