public import PosthornModel
public import PosthornText

/// What waits in order for an endpoint.
public struct LaneSummary: Sendable, Equatable {
    /// How many lanes have a delivery that is not over.
    public var lanes = 0
    /// How many of them stand still, since their head is exhausted.
    public var stopped = 0
    /// How many deliveries wait for one before them.
    public var waiting = 0
    /// How many of those wait behind an exhausted one, and so until someone does something.
    public var stoppedWaiting = 0
    /// Whether there may be more of each than these counts say, since not all that waits was looked at.
    public var isAtLeast = false
    /// Lanes one by one, those that stand still first, then those in which most waits.
    public var page: [Lane] = []

    /// Nothing that waits.
    public init() {}

    /// One lane.
    public struct Lane: Sendable, Equatable {
        /// The delivery that goes first.
        public let head: Int64
        /// Its state.
        public let state: DeliveryState
        /// The id of its event.
        public let event: String
        /// The node of its event.
        public let node: String
        /// How many wait behind it.
        public let waiting: Int
        /// Whether there may be more.
        public let isAtLeast: Bool
        /// When the first of those behind it was accepted; when the head was, where none is.
        public let since: Timestamp

        /// Creates a lane.
        /// - Parameters:
        ///   - head: The delivery that goes first.
        ///   - state: Its state.
        ///   - event: The id of its event.
        ///   - node: The node of its event.
        ///   - waiting: How many wait behind it.
        ///   - isAtLeast: Whether there may be more.
        ///   - since: When the first of those was accepted.
        public init(
            head: Int64,
            state: DeliveryState,
            event: String,
            node: String,
            waiting: Int,
            isAtLeast: Bool = false,
            since: Timestamp
        ) {
            self.head = head
            self.state = state
            self.event = event
            self.node = node
            self.waiting = waiting
            self.isAtLeast = isAtLeast
            self.since = since
        }
    }

    /// A lane while its rows are gone through, from the head on.
    package struct Line: Sendable {
        /// The head.
        package let head: Int64
        /// Its state.
        package let state: DeliveryState
        /// The first one behind it.
        package var next: Int64?
        /// How many are behind it.
        package var waiting = 0
        /// Whether there may be more.
        package var isAtLeast = false

        /// A lane of which the head is known.
        package init(head: Int64, state: DeliveryState) {
            self.head = head
            self.state = state
        }
    }

    /// Counts a lane.
    /// - Returns: Whether it is worth telling: something waits, or it stands still.
    package mutating func count(_ line: Line) -> Bool {
        lanes += 1
        if line.isAtLeast { isAtLeast = true }
        waiting += line.waiting
        if line.state == .exhausted {
            stopped += 1
            stoppedWaiting += line.waiting
        }
        return line.waiting > 0 || line.state == .exhausted
    }

    /// Which of two lanes comes first.
    package static func isBefore(_ a: Line, _ b: Line) -> Bool {
        if (a.state == .exhausted) != (b.state == .exhausted) { return a.state == .exhausted }
        return (b.waiting, a.head) < (a.waiting, b.head)
    }
}
