public import PosthornModel
public import PosthornText

/// What was told of an endpoint by events of Posthorn's own: it decides which go out, so that they are bounded whatever a receiver does, and
/// that the state that was told last is the endpoint's.
public struct OwnEventRecord: Sendable, Hashable {
    /// The state of its health that was told last: `OwnEventType.endpointFailing`, `OwnEventType.endpointSuspended` or
    /// `OwnEventType.endpointDisabled`. `nil` while nothing bad was told.
    public private(set) var told: OwnEventType?
    /// When the hour began in which those are counted that follow.
    public private(set) var hour: Timestamp
    /// Failures and suspensions that were told in that hour.
    public private(set) var health: Int
    /// Exhausted deliveries that were told in that hour.
    public private(set) var exhausted: Int
    /// Exhausted deliveries that were not told since the last that was.
    public private(set) var withheld: Int

    /// Failures and suspensions of one endpoint that are told in an hour.
    public static let healthLimit = 20
    /// Exhausted deliveries of one endpoint that are told in an hour.
    public static let exhaustedLimit = 60
    /// An hour, in milliseconds.
    public static let hourMilliseconds: Int64 = 3_600_000

    /// One of which nothing was told.
    public init(at now: Timestamp) { self.init(told: nil, hour: now, health: 0, exhausted: 0, withheld: 0) }

    /// One as it was written down.
    public init(told: OwnEventType?, hour: Timestamp, health: Int, exhausted: Int, withheld: Int) {
        self.told = told
        self.hour = hour
        self.health = health
        self.exhausted = exhausted
        self.withheld = withheld
    }

    /// Decides whether the endpoint's health is told.
    /// - Parameters:
    ///   - type: What it is now; `OwnEventType.endpointRecovered` when it is healthy.
    ///   - isOrdinary: Whether an attempt of an event that is not Posthorn's own has failed since the last success. What only such events
    ///     bring about would bring about others.
    ///   - hourMilliseconds: How long an hour is for the engine.
    public mutating func takes(
        _ type: OwnEventType,
        isOrdinary: Bool,
        at now: Timestamp,
        hourMilliseconds: Int64 = hourMilliseconds
    ) -> Bool {
        if type == .endpointRecovered {
            defer { told = nil }
            return told != nil
        }
        if told == type || (told == nil && !isOrdinary) { return false }
        begin(at: now, hourMilliseconds)
        // Being disabled is rare, and nothing follows it until an operator does something.
        if type != .endpointDisabled {
            if health >= Self.healthLimit { return false }
            health += 1
        }
        told = type
        return true
    }

    /// Decides whether an exhausted delivery is told.
    /// - Returns: How many before it were not, where it is.
    public mutating func takesExhausted(at now: Timestamp, hourMilliseconds: Int64 = hourMilliseconds) -> Int? {
        begin(at: now, hourMilliseconds)
        if exhausted >= Self.exhaustedLimit {
            withheld += 1
            return nil
        }
        exhausted += 1
        defer { withheld = 0 }
        return withheld
    }

    /// A clock that was put back begins a new hour too, or none would begin for years.
    private mutating func begin(at now: Timestamp, _ length: Int64) {
        if abs(now.milliseconds - hour.milliseconds) < length { return }
        (hour, health, exhausted) = (now, 0, 0)
    }
}
