public import PosthornModel
import PosthornText

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
    /// Share of events of a type that is in no list.
    public var unknownType = 0.0
    /// Share of events whose data hold members that is in no list.
    public var unknownField = 0.0
    /// Share of events whose first 200 comes too late for the platform: it has given up on the request and sends it again.
    public var slowAnswer = 0.0
    /// The platform sends nothing for so long in the middle of the run, and everything at its end; nanoseconds.
    public var outageNanoseconds: Int64 = 0

    /// None.
    public init() {}

    private static var shares: [(fault: SimulationFault, member: WritableKeyPath<SimulationFaults, Double>)] {
        [
            (.duplicates, \.duplicates), (.reorder, \.reorder), (.late, \.late), (.burst, \.burst), (.gap, \.gap),
            (.unknownType, \.unknownType), (.unknownField, \.unknownField), (.slowAnswer, \.slowAnswer),
        ]
    }

    /// Those that may happen.
    public var wanted: [SimulationFault] {
        Self.shares.filter { self[keyPath: $0.member] > 0 }.map(\.fault) + (outageNanoseconds > 0 ? [.outage] : [])
    }

    /// All of them, as they are written.
    public static let example = shares.map { $0.fault.rawValue + "=1%" }.joined(separator: ",") + ",outage=10m"

    /// Reads `duplicates=1%,outage=10m`.
    /// - Throws: Which part is none, or occurs twice, and what would be one.
    public init(_ text: String) throws(InputProblem) {
        var seen: Set<Substring> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            func problem(_ reason: String) -> InputProblem { InputProblem(field: "fault", value: String(part), reason: reason) }
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let share = Self.shares.first { $0.fault.rawValue == halves[0] }
            guard halves.count == 2, share != nil || halves[0] == "outage" else {
                let names = SimulationFault.allCases.map(\.rawValue)
                if !names.contains(String(halves[0])), let near = Suggestion.nearest(to: String(halves[0]), among: names) {
                    throw problem("is not known; did you mean \"\(near)\"?")
                }
                throw problem("is not a fault; write some of \(Self.example)")
            }
            if !seen.insert(halves[0]).inserted { throw problem("is there for the second time; give each fault once") }
            if let member = share?.member {
                guard let share = Quantity.share(halves[1]) else { throw problem(Quantity.refusal(ofShare: halves[1])) }
                self[keyPath: member] = share
            } else {
                guard let length = Quantity.nanoseconds(halves[1]) else { throw problem("is not a length of time; write outage=10m") }
                outageNanoseconds = length
            }
        }
    }
}
