public import PosthornText

/// Endpoints that an engine could not use.
public struct LastRunFaults: Sendable, Hashable {
    /// The process of the engine that runs and keeps this up; `nil` when none does, and the last one found it.
    public var engine: Int32?
    /// When it found so last; `nil` when that was not written down.
    public var at: Timestamp?
    /// The reasons, by the endpoints' ids.
    public var reasons: [String: String]

    /// Creates what was found.
    public init(engine: Int32? = nil, at: Timestamp? = nil, reasons: [String: String] = [:]) {
        self.engine = engine
        self.at = at
        self.reasons = reasons
    }
}
