/// What an endpoint's settings may hold, wherever they come from.
extension EndpointSettings {
    /// Patterns that an endpoint may have: each is tried for every new type, by the thread that serves all endpoints.
    public static let patternLimit = 1000
    /// Deadlines in milliseconds: a request that lasts longer than ten minutes keeps a stop waiting for as long.
    public static let timeoutRange = 1...600_000
    /// Requests under way at once.
    public static let inFlightRange = 1...1024
    /// Requests that may start in a second, at most.
    public static let rateLimit = 1_000_000.0

    /// Whether a rate is one: above 0 and not above the limit.
    static func isRate(_ rate: Double) -> Bool { rate > 0 && rate <= rateLimit }

    /// Throws what is out of its limits, under `path`.
    func checkLimits(at path: String) throws(InputProblem) {
        if events.count > Self.patternLimit {
            throw InputProblem(
                .tooLarge,
                field: "\(path).events",
                reason: "has \(events.count) patterns; at most \(Self.patternLimit) are allowed, so use *"
            )
        }
        try Self.check(timeoutMilliseconds, Self.timeoutRange, "\(path).timeout_ms")
        try Self.check(inFlightLimit, Self.inFlightRange, "\(path).max_in_flight")
        if let rate = ratePerSecond, !Self.isRate(rate) {
            throw InputProblem(.outOfRange, field: "\(path).rate_per_second", value: "\(rate)", reason: Self.rateReason)
        }
    }

    /// Why a text or a number is no rate.
    static let rateReason = "must be a number above 0, at most \(Int(rateLimit))"

    private static func check(_ value: Int, _ range: ClosedRange<Int>, _ field: String) throws(InputProblem) {
        if range.contains(value) { return }
        throw InputProblem(
            .outOfRange,
            field: field,
            value: String(value),
            reason: "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
        )
    }
}
