import PosthornModel
import PosthornStore

/// Those who get an event, collected one by one.
struct EventRecipients {
    private(set) var all: [Recipient] = []
    /// Those of them whose formats cannot carry it. Their deliveries fail at once, in whatever state their endpoints are.
    private(set) var uncarried: [UncarriedDelivery] = []

    /// - Parameter count: How many there are going to be.
    init(count: Int = 0) { all.reserveCapacity(count) }

    /// Those who get every event of a route, whatever is in it.
    init(_ all: [Recipient]) { self.all = all }

    /// - Parameters:
    ///   - endpoint: The endpoint's number.
    ///   - revision: Its current revision.
    ///   - isActive: Whether its state lets deliveries go out. By the state alone: another process, such as one without the key, may
    ///     see a fault that the engine does not.
    ///   - lane: The lane that its delivery goes into, if any.
    ///   - problem: Why its format cannot carry the event.
    mutating func add(endpoint: Int64, revision: Int64, isActive: Bool, lane: Int64?, _ problem: UncarriedDelivery?) {
        if let problem { uncarried.append(problem) }
        all.append(Recipient(endpoint: endpoint, revision: revision, isActive: isActive || problem != nil, lane: lane))
    }

    /// What is wrong with an event at a node that is not there.
    static func unknownNode(_ node: String) -> InputProblem {
        InputProblem(
            .notFound,
            field: "node",
            value: node,
            reason: "names no node of the hierarchy; apply a topology that has it or correct the value"
        )
    }
}
