public import PosthornModel
public import PosthornText

/// What a running engine writes down about itself once a second while it works.
public struct EngineHeartbeat: Sendable, Hashable {
    /// When it was written.
    public var at: Timestamp
    /// Attempts recorded in the last ten seconds, a second.
    public var attemptsPerSecond: Double
    /// Deliveries that reached `delivered` in the last ten seconds, a second.
    public var deliveredPerSecond: Double
    /// Requests on the wire.
    public var inFlight: Int
    /// How far receivers' clocks are from ours; `nil` while none has said its time.
    public var clockSkew: ClockSkew?

    /// Limits of nodes' trees, and of all endpoints together, at which deliveries wait.
    public var limits: [BindingLimit] = []

    /// Creates a pulse.
    public init(at: Timestamp, attemptsPerSecond: Double, deliveredPerSecond: Double, inFlight: Int, clockSkew: ClockSkew? = nil) {
        self.clockSkew = clockSkew
        self.at = at
        self.attemptsPerSecond = attemptsPerSecond
        self.deliveredPerSecond = deliveredPerSecond
        self.inFlight = inFlight
    }
}

extension EngineHeartbeat {
    /// What ``stored`` has written; `nil` when it means nothing.
    package init?(stored text: String) {
        let lines = text.split(separator: "\n", maxSplits: 1)
        let parts = lines.first?.split(separator: " ") ?? []
        guard parts.count >= 4, let at = Int64(parts[0]), let attempts = Double(parts[1]), let delivered = Double(parts[2]),
            let inFlight = Int(parts[3])
        else { return nil }
        let skew = parts.count == 6 ? Int64(parts[4]).flatMap { time in Int(parts[5]).map { (time, $0) } } : nil
        self.init(
            at: Timestamp(milliseconds: at),
            attemptsPerSecond: attempts,
            deliveredPerSecond: delivered,
            inFlight: inFlight,
            clockSkew: skew.map { ClockSkew(milliseconds: $0.0, endpoints: $0.1) }
        )
        if lines.count == 2, case .array(let limits)? = try? JSONValue.parse(Array(lines[1].utf8)) {
            self.limits = limits.compactMap(BindingLimit.init(json:))
        }
    }

    /// As a store keeps it: words, and in a second line the limits that bind.
    package var stored: String {
        let skew = clockSkew.map { " \($0.milliseconds) \($0.endpoints)" } ?? ""
        let binding = limits.isEmpty ? "" : "\n" + JSONValue.array(limits.map(\.json)).text
        return "\(at.milliseconds) \(attemptsPerSecond) \(deliveredPerSecond) \(inFlight)\(skew)\(binding)"
    }
}
