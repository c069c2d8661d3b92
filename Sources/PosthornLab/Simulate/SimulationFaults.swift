public import PosthornModel

/// What a vendor's platform does to its receivers now and then: each kind by its share or length, the dice by the seed.
public struct SimulationFaults: Equatable, Sendable {
    /// Share of events that are sent twice, the second time up to a minute later.
    public var duplicates = 0.0
    /// Share of events that leave after a few younger ones.
    public var reorder = 0.0
    /// Share of events that leave an hour after they happened.
    public var late = 0.0
    /// Share of events with which a burst of 20 begins that come at once.
    public var burst = 0.0
    /// Share of events before which nothing happens for half an hour.
    public var gap = 0.0
    /// Share of events of a type that nobody has heard of.
    public var unknownType = 0.0
    /// Share of events whose data hold members that nobody has heard of.
    public var unknownField = 0.0
    /// Share of events whose first 200 comes too late for the platform: it has given up on the request and sends it again.
    public var slowAnswer = 0.0
    /// The platform sends nothing for so long in the middle of the run, and everything at its end; nanoseconds.
    public var outageNanoseconds: Int64 = 0

    /// None.
    public init() {}

    private static let form =
        "write duplicates=1%,reorder=5%,late=1%,burst=1%,gap=1%,unknown-type=1%,unknown-field=1%,slow-200=1%,outage=10m"

    /// Reads `duplicates=1%,outage=10m`.
    public init(_ text: String) throws(InputProblem) {
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let problem = InputProblem(field: "fault", value: String(part), reason: "is not a fault; \(Self.form)")
            guard halves.count == 2 else { throw problem }
            if halves[0] == "outage" {
                guard let length = Quantity.nanoseconds(halves[1]) else { throw problem }
                outageNanoseconds = length
                continue
            }
            guard let share = Quantity.share(halves[1]) else { throw problem }
            switch halves[0] {
            case "duplicates": duplicates = share
            case "reorder": reorder = share
            case "late": late = share
            case "burst": burst = share
            case "gap": gap = share
            case "unknown-type": unknownType = share
            case "unknown-field": unknownField = share
            case "slow-200": slowAnswer = share
            default: throw problem
            }
        }
    }
}
