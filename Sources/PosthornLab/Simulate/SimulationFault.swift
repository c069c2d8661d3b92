/// A kind of fault, by the name that `--fault` has for it.
public enum SimulationFault: String, CaseIterable, Sendable {
    /// An event is sent twice.
    case duplicates
    /// An event is overtaken by younger ones.
    case reorder
    /// An event leaves an hour after it happened.
    case late
    /// Many events happen at once.
    case burst
    /// Nothing happens for a while.
    case gap
    /// An event has a type that is in no list.
    case unknownType = "unknown-type"
    /// An event has data that is in no list.
    case unknownField = "unknown-field"
    /// The platform gives up on a request before its 200 comes.
    case slowAnswer = "slow-200"
    /// The platform sends nothing for a while.
    case outage

    /// What happens to an event that meets it, in one line. Times are of the scenario's clock.
    public var explanation: String {
        switch self {
        case .duplicates: return "it leaves twice under one id, the second time up to a minute after the first"
        case .reorder: return "it leaves 2 to 6 mean distances of events late (at --rate 2: 1 to 3 s), so that younger ones overtake it"
        case .late: return "it leaves an hour after it happened"
        case .burst: return "the next \(Simulation.burstEvents) events happen in the same moment"
        case .gap: return "nothing happens for half an hour before it"
        case .unknownType: return "its type has _v2 at the end, which no receiver knows"
        case .unknownField: return "its data begin with an unknown member, new_in_version_2"
        case .slowAnswer: return "the platform gives up on its first request before the 200 comes, and tries again by the schedule"
        case .outage: return "the platform is down, not the receiver: what would leave then leaves at the end, all at once"
        }
    }
}

/// Which faults an event met on its way out.
struct MetFaults: OptionSet, Sendable {
    let rawValue: UInt16

    init(rawValue: UInt16) { self.rawValue = rawValue }

    init(_ fault: SimulationFault) { rawValue = 1 << UInt16(SimulationFault.allCases.firstIndex(of: fault) ?? 0) }
}
