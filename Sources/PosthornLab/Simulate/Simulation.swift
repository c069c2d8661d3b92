package import PosthornFormats
public import PosthornModel
public import PosthornText

/// What a simulated vendor will send, and when: made from a seed before anything is sent, so that it can be written down,
/// sent, or sent faster.
public struct Simulation: Sendable {
    /// How events follow each other.
    public enum Pace: Equatable, Sendable {
        /// A working day: quiet nights, busy mornings and afternoons, spread over 24 hours.
        case day
        /// So many events a second of the scenario's clock, like independent ones.
        case stream(perSecond: Double)
    }

    /// One event on its way out.
    public struct Departure: Sendable {
        /// When it leaves, in nanoseconds of the scenario's clock from its start.
        public let nanoseconds: Int64
        /// The event.
        public let event: ScenarioEvent
        /// Whether it has left before.
        public let isDuplicate: Bool
        /// What it met.
        let met: MetFaults
    }

    /// The platform's nodes, parents first.
    public let nodes: [Node]
    /// Everything that leaves, in that order.
    public let departures: [Departure]
    /// The ids of events on whose first 200 the platform has given up; see ``SimulationFaults/slowAnswer``.
    public let slowlyAnswered: Set<String>
    /// The faults that may happen.
    public let wantedFaults: [SimulationFault]

    /// Events that are made at most.
    public static let countLimit = 1_000_000
    /// Types take turns in the stories, so a wanted one comes soon.
    private static let searchLimit = 100_000
    private static let minute: Int64 = 60_000_000_000

    /// - Parameters:
    ///   - vendor: Whose platform.
    ///   - count: How many different events.
    ///   - pace: How they follow each other.
    ///   - faults: What goes wrong.
    ///   - seed: The same seed, start and other arguments give the same bytes.
    ///   - start: The scenario's first moment.
    ///   - platform: The nodes of a platform that is there; without any, one is made up.
    ///   - wants: Which types are sent; what happens between them happens unseen.
    public init(
        _ vendor: ScenarioVendor,
        count: Int,
        pace: Pace,
        faults: SimulationFaults,
        seed: UInt64,
        start: Timestamp,
        platform: [Node] = [],
        wants: (_ type: String) -> Bool = { _ in true }
    ) {
        let scenario = Scenario(vendor, seed: seed, platform: platform)
        self.init(scenario, count: count, pace: pace, faults: faults, seed: seed, start: start, wants: wants)
    }

    /// The platform of a vendor that a file describes.
    package init(
        of file: VendorFile,
        count: Int,
        pace: Pace,
        faults: SimulationFaults,
        seed: UInt64,
        start: Timestamp,
        wants: (_ type: String) -> Bool
    ) {
        self.init(Scenario(of: file, seed: seed), count: count, pace: pace, faults: faults, seed: seed, start: start, wants: wants)
    }

    /// The stories of a file, which any vendor's format may carry.
    package init(
        telling stories: StoryFile,
        count: Int,
        pace: Pace,
        faults: SimulationFaults,
        seed: UInt64,
        start: Timestamp,
        platform: [Node] = [],
        wants: (_ type: String) -> Bool
    ) {
        let scenario = Scenario(telling: stories, seed: seed, platform: platform)
        self.init(scenario, count: count, pace: pace, faults: faults, seed: seed, start: start, wants: wants)
    }

    private init(
        _ scenario: Scenario,
        count: Int,
        pace: Pace,
        faults: SimulationFaults,
        seed: UInt64,
        start: Timestamp,
        wants: (_ type: String) -> Bool
    ) {
        var scenario = scenario
        nodes = scenario.nodes
        var clock = SimulationClock(pace, count: count, faults: faults, seed: seed)
        var dice = SeededGenerator(seed: seed, "faults")
        var slowness = SeededGenerator(seed: seed, "slow answers")
        var slowlyAnswered: Set<String> = []
        var departures: [(order: Int, departure: Departure)] = []
        func add(_ nanoseconds: Int64, _ event: ScenarioEvent, isDuplicate: Bool = false, _ met: MetFaults) {
            let departure = Departure(nanoseconds: nanoseconds, event: event, isDuplicate: isDuplicate, met: met)
            departures.append((departures.count, departure))
        }
        for _ in 0..<min(count, Self.countLimit) {
            var met: MetFaults = []
            let moment = clock.next(&met)
            guard var event = Self.next(&scenario, at: start.advanced(byMilliseconds: moment / 1_000_000), wants) else { break }
            event = Self.altered(event, faults, &dice, &met)
            if slowness.fraction() < faults.slowAnswer {
                slowlyAnswered.insert(event.id)
                met.insert(MetFaults(.slowAnswer))
            }
            var leaves = moment
            if dice.fraction() < faults.reorder {
                leaves += clock.spacing * Int64(dice.integer(2...6))
                met.insert(MetFaults(.reorder))
            }
            if dice.fraction() < faults.late {
                leaves += 60 * Self.minute
                met.insert(MetFaults(.late))
            }
            let isDuplicated = dice.fraction() < faults.duplicates
            let pause = Int64(dice.fraction() * Double(Self.minute))
            add(leaves, event, met)
            if isDuplicated {
                // What its event met is counted with the event.
                add(leaves + pause, event, isDuplicate: true, MetFaults(.duplicates))
            }
        }
        self.slowlyAnswered = slowlyAnswered
        wantedFaults = faults.wanted
        let outage = Self.outage(departures.map(\.departure.nanoseconds).max() ?? 0, faults)
        self.departures = departures.map { order, departure in
            guard outage.contains(departure.nanoseconds) else { return (order, departure) }
            var met = departure.met
            met.insert(MetFaults(.outage))
            let (event, isDuplicate) = (departure.event, departure.isDuplicate)
            return (order, Departure(nanoseconds: outage.upperBound, event: event, isDuplicate: isDuplicate, met: met))
        }
        .sorted { ($0.1.nanoseconds, $0.0) < ($1.1.nanoseconds, $1.0) }
        .map(\.1)
    }

    /// The next event of a wanted type; `nil` when the stories do not come to one.
    private static func next(_ scenario: inout Scenario, at moment: Timestamp, _ wants: (String) -> Bool) -> ScenarioEvent? {
        for _ in 0..<searchLimit {
            let event = scenario.next(at: moment)
            if wants(event.type) { return event }
        }
        return nil
    }

    /// How often each fault that may happen did in the first departures.
    /// - Parameter limit: How many departures; `nil` for all.
    public func faultCounts(ofFirst limit: Int? = nil) -> [(fault: SimulationFault, count: Int)] {
        let departures = departures.prefix(limit ?? departures.count)
        return wantedFaults.map { fault in
            let one = MetFaults(fault)
            return (fault, departures.count { $0.met.contains(one) })
        }
    }

    /// The stretch in the middle in which nothing leaves.
    private static func outage(_ end: Int64, _ faults: SimulationFaults) -> Range<Int64> {
        let length = faults.outageNanoseconds
        let from = max(0, end / 2 - length / 2)
        return from..<(from + length)
    }

    private static func altered(
        _ event: ScenarioEvent,
        _ faults: SimulationFaults,
        _ dice: inout SeededGenerator,
        _ met: inout MetFaults
    ) -> ScenarioEvent {
        var (type, data) = (event.type, event.data)
        if dice.fraction() < faults.unknownType {
            type = "\(event.type)_v2"
            met.insert(MetFaults(.unknownType))
        }
        if dice.fraction() < faults.unknownField, data.count > 2 {
            let extra = #""new_in_version_2":{"list":[1,2.50,null,true],"text":"näive \u2028 ✓"},"#
            data.insert(contentsOf: extra.utf8, at: 1)
            met.insert(MetFaults(.unknownField))
        }
        return ScenarioEvent(id: event.id, type: type, node: event.node, created: event.created, data: data)
    }
}

/// The scenario's clock: when the next event happens.
struct SimulationClock {
    /// The usual distance of two events, in nanoseconds.
    let spacing: Int64
    private let pace: Simulation.Pace
    private let perDay: Double
    private let faults: SimulationFaults
    private var random: SeededGenerator
    private var now = 0.0
    private var burstLeft = 0

    private static let day = 86_400e9
    /// How much happens in each hour of a day, from its start at midnight UTC; they add up to 100.
    private static let hours: [Double] = [1, 1, 1, 1, 1, 1, 2, 4, 7, 9, 9, 8, 6, 8, 9, 9, 8, 5, 3, 2, 2, 1, 1, 1]

    init(_ pace: Simulation.Pace, count: Int, faults: SimulationFaults, seed: UInt64) {
        self.pace = pace
        self.faults = faults
        perDay = Double(max(1, count))
        random = SeededGenerator(seed: seed, "clock")
        switch pace {
        case .day: spacing = Int64(Self.day / perDay)
        case .stream(let rate): spacing = Int64(1e9 / rate)
        }
    }

    mutating func next(_ met: inout MetFaults) -> Int64 {
        let dice = (random.fraction(), random.fraction(), random.exponential())
        if burstLeft > 0 {
            burstLeft -= 1
            return Int64(now)
        }
        if dice.0 < faults.burst {
            burstLeft = Simulation.burstEvents
            met.insert(MetFaults(.burst))
        }
        if dice.1 < faults.gap {
            now += 1800e9
            met.insert(MetFaults(.gap))
        }
        now += dice.2 * Double(spacing) * stretch
        return Int64(now)
    }

    /// How much longer than usual one waits at this hour.
    private var stretch: Double {
        guard case .day = pace else { return 1 }
        let hour = Int(now / 3600e9) % 24
        return 100 / 24 / Self.hours[hour]
    }
}

extension Simulation {
    /// Events that come at once with the one that begins a burst.
    static let burstEvents = 19
}
