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

    /// Creates a pulse.
    public init(at: Timestamp, attemptsPerSecond: Double, deliveredPerSecond: Double, inFlight: Int, clockSkew: ClockSkew? = nil) {
        self.clockSkew = clockSkew
        self.at = at
        self.attemptsPerSecond = attemptsPerSecond
        self.deliveredPerSecond = deliveredPerSecond
        self.inFlight = inFlight
    }
}
