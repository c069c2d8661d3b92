/// One thing that a receiver should do, and whether it does.
public struct ScorecardRow: Sendable {
    /// What kind of thing it is.
    public enum Area: String, CaseIterable, Sendable {
        case handshake, signature, age, duplicates, order, rotation, retries, load, faults
    }

    /// How it came out.
    public enum Outcome: String, CaseIterable, Sendable {
        case kept, missed
        /// It does not show, and why is said.
        case unknown = "not known"
        /// The vendor has no such thing.
        case skipped

        /// Its word in JSON.
        public var key: String { self == .unknown ? "not_known" : rawValue }
    }

    /// What kind of thing it is.
    public let area: Area
    /// What was tried.
    public let title: String
    /// How it came out.
    public let outcome: Outcome
    /// What came back, or why nothing is known.
    public let evidence: String
    /// What a good receiver does.
    public let demand: String

    /// - Parameters:
    ///   - area: What kind of thing it is.
    ///   - title: What was tried.
    ///   - outcome: How it came out.
    ///   - evidence: What came back, or why nothing is known.
    ///   - demand: What a good receiver does.
    public init(_ area: Area, _ title: String, _ outcome: Outcome, evidence: String, demand: String) {
        (self.area, self.title, self.outcome, self.evidence, self.demand) = (area, title, outcome, evidence, demand)
    }

    /// One line for people.
    public var line: String { "\(area.rawValue), \(title): \(outcome.rawValue), \(evidence)" }
}
