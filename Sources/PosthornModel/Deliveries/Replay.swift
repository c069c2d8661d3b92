public import PosthornText

/// A job that does something to many deliveries: sends events of the past again, tries again what failed, or takes it back. It is a row of the
/// outbox: it survives a restart, goes on step by step, can be looked at and cancelled, and lets live traffic go first.
public struct Replay: Sendable, Hashable {
    /// Which deliveries it is about.
    public struct Selection: Sendable, Hashable {
        /// Only events at this node and below; `nil` for all.
        public var node: String?
        /// Only to this endpoint; `nil` for all.
        public var endpoint: String?
        /// Only events of one of these types; all when empty.
        public var types: [EventPattern] = []
        /// Only deliveries in one of these states, of ``Replay/Action-swift.enum/states``.
        public var states: Set<DeliveryState> = [.exhausted]
        /// Only deliveries whose newest attempt failed with one of these; all when empty.
        public var errors: Set<AttemptError> = []
        /// Only deliveries of this event; `nil` for all.
        public var event: String?
        /// Only deliveries whose newest answer had a status of one of these hundreds, such as 5; all when empty.
        public var statusClasses: Set<Int> = []
        /// Only deliveries with so many attempts or more.
        public var attemptsAtLeast = 0
        /// Only events that happened then or later.
        public var since: Timestamp?
        /// Only events that happened before then.
        public var until: Timestamp?
        /// Who gets them.
        public var recipients = Recipients.original

        /// All that was not delivered.
        public init() {}

        /// Whether an event is one of those.
        /// - Parameter isWithin: Whether a node is another one or below it.
        public func wants(type: String, node: String, created: Timestamp, _ isWithin: (String, String) -> Bool) -> Bool {
            (since.map { created >= $0 } ?? true) && (until.map { created < $0 } ?? true)
                && (types.isEmpty || types.contains { $0.matches(type) }) && (self.node.map { isWithin(node, $0) } ?? true)
        }
    }

    /// Who gets the events of a replay.
    public enum Recipients: String, CaseIterable, Sendable {
        /// The endpoints that got them when they were accepted, each at the URL that it has now.
        case original
        /// Those, and the endpoints that would get them if they were accepted now and have not got them.
        case current
    }

    /// How far a replay is.
    public enum State: String, CaseIterable, Sendable {
        /// It goes on while an engine runs.
        case running
        /// It was done to all that it found.
        case done
        /// It was ended by hand. What it had done before stays done.
        case cancelled
    }

    /// The states of deliveries that can be sent again.
    public static let states: Set<DeliveryState> = Action.replay.states
    /// Deliveries a second, unless it is told otherwise.
    public static let usualRate = 50
    /// What may be asked for.
    public static let rates = 1...10_000
    /// Replays that are kept when they are over; where there are more, the oldest of the share that has most are forgotten.
    public static let keptLimit = 1000
    /// Replays that may go on at one time, in all and of one share.
    public static let openLimit = 100
    /// The same of one share.
    public static let openLimitEach = 10

    /// Its number in this outbox; 0 before it is stored.
    public var number: Int64
    /// The node of the key that asked for it, outside of whose tree nothing is touched; `nil` for the whole outbox.
    public let scope: String?
    /// What is sent again.
    public let selection: Selection
    /// What is done to it.
    public var action = Action.replay
    /// Deliveries that are moved in a second at most.
    public let ratePerSecond: Int
    /// When it was asked for.
    public let created: Timestamp
    /// The id of the key that asked for it; `nil` for one of the command line.
    public let creator: String?
    /// Whose share of what is limited it uses: that of the key that asked for it; empty for the command line.
    package var share = ""
    /// How far it is.
    public var state = State.running
    /// The number of the delivery, or of the event for current recipients, up to which it has looked.
    public var position: Int64 = 0
    /// The number up to which it looks: of the newest when it was asked for.
    public var through: Int64 = 0
    /// Deliveries that it was about when it was asked for; `nil` where they were too many to be counted.
    public var total: Int?
    /// Deliveries that were made due, or cancelled.
    public var done = 0
    /// Deliveries to which it could not be done: their endpoint is removed, their data was dropped, or they were moved by hand.
    public var refused = 0
    /// When it was done or cancelled.
    public var finished: Timestamp?

    /// A replay that has not begun.
    public init(
        number: Int64 = 0,
        scope: String?,
        _ selection: Selection,
        ratePerSecond: Int = usualRate,
        created: Timestamp,
        creator: String? = nil
    ) {
        self.number = number
        self.scope = scope
        self.selection = selection
        self.ratePerSecond = ratePerSecond
        self.created = created
        self.creator = creator
    }

    /// Deliveries that are still to be made due; `nil` where that was not counted.
    public var left: Int? {
        if state != .running { return 0 }
        return total.map { max(0, $0 - done - refused) }
    }

    /// When it is done if nothing is in its way; `nil` where that cannot be said.
    public func endsAbout(at now: Timestamp) -> Timestamp? {
        guard state == .running, let left else { return nil }
        return now.advanced(byMilliseconds: Int64(left) * 1000 / Int64(max(1, ratePerSecond)))
    }

    /// Throws unless this can be asked for.
    /// - Throws: ``InputProblem`` that names the field.
    public func check() throws(InputProblem) {
        if selection.states.isEmpty || !selection.states.isSubset(of: action.states) {
            let wrong = selection.states.subtracting(action.states).map(\.rawValue).sorted().joined(separator: ", ")
            throw InputProblem(field: "states", value: wrong, reason: action.advice)
        }
        if !Self.rates.contains(ratePerSecond) {
            let reason = "must be a whole number from \(Self.rates.lowerBound) to \(Self.rates.upperBound)"
            throw InputProblem(.outOfRange, field: "rate_per_second", value: String(ratePerSecond), reason: reason)
        }
        if let since = selection.since, let until = selection.until, until <= since {
            throw InputProblem(.outOfRange, field: "until", value: until.description, reason: "must be later than since")
        }
    }
}
