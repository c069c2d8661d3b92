/// The results of one step of the rate, or of one type of event.
public struct LoadPart: Sendable {
    /// The step's number, counted from 1, or the type's name.
    public let name: String
    /// The step's requests a second as planned, of a ramp on average; `nil` for a type.
    public let plannedPerSecond: Double?
    /// How long it took in nanoseconds; for a type, the whole load.
    public let nanoseconds: Int64
    /// What was measured.
    public let measurements: LoadMeasurements

    /// Requests that were answered, a second.
    public var answersPerSecond: Double { Double(measurements.answers) / (Double(max(1, nanoseconds)) / 1e9) }
}

extension LoadPart {
    /// The steps of a rate that were reached.
    /// - Parameters:
    ///   - measured: What was measured of each.
    ///   - length: How long the load sent requests, in nanoseconds.
    static func steps(_ plan: LoadPlan, _ measured: [LoadMeasurements], length: Int64) -> [LoadPart] {
        guard case .open(let rates, _) = plan.model else { return [] }
        var start: Int64 = 0
        var parts: [LoadPart] = []
        for (i, (end, measurements)) in zip(plan.stepEnds, measured).enumerated() {
            defer { start = end }
            if start >= length, measurements.requests == 0 { break }
            // Answers that came after the step's end belong to it too.
            let last = max(min(end, length), measurements.lastEnd)
            parts.append(
                LoadPart(
                    name: String(i + 1),
                    plannedPerSecond: rates.steps[i].meanPerSecond,
                    nanoseconds: max(1, last - start),
                    measurements: measurements
                )
            )
        }
        return parts
    }
}
