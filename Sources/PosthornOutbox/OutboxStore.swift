public import PosthornModel
public import PosthornText

/// What the engine needs of a store. SQLite is the first; whatever passes the contract's test suite can be another.
///
/// Every method is called by one thread at a time, the writer's. Methods that change something are called inside
/// ``write(_:)`` and take effect with its commit. A store that several engines share (PostgreSQL) hands deliveries out
/// under a lease of ``own(_:)``; this protocol's claims therefore belong to the owner, and one that is not owner makes none.
public protocol OutboxStore: NotificationStore {
    // MARK: Ownership

    /// Whether this store may hand out deliveries now. Never true for two at once.
    var isOwner: Bool { get }
    /// Tries to become the owner, without waiting.
    /// - Returns: `false` when somebody is, be it this store itself: two engines on one store are two owners.
    func own() throws(OutboxProblem) -> Bool
    /// Where the store is on the disk, with the owner's lock file while it is owner; `nil` for a store without files.
    var place: StorePlace? { get }
    /// Copies what was committed into the database itself, where a log that lost its name is the only other place that has it.
    func saveLog()
    /// Lets another one become owner.
    func disown()

    // MARK: Transactions

    /// Runs `body` in one durable transaction: all of it or nothing.
    func write<Result>(_ body: () throws(OutboxProblem) -> Result) throws(OutboxProblem) -> Result
    /// Runs `body` inside a transaction so that its changes can be undone alone when it throws.
    func savepoint<Result>(_ body: () throws(OutboxProblem) -> Result) throws(OutboxProblem) -> Result
    /// A number that changes whenever somebody else has committed.
    func foreignCommits() throws(OutboxProblem) -> Int64
    /// How much was asked of the store so far, for benchmarks and metrics.
    var counters: StoreCounters { get }
    /// Work that should be done now and then while nothing is waiting, such as a checkpoint.
    func maintain() throws(OutboxProblem)
    /// Bytes of the log that the last checkpoint had to leave there, because somebody still reads an older state of the outbox;
    /// 0 for a store without such a log.
    var heldBackLogBytes: Int { get }

    // MARK: The hierarchy

    /// Counts the changes of the hierarchy and its endpoints.
    func topologyGeneration() throws(OutboxProblem) -> Int64
    /// How often a change of the hierarchy was made and then undone with its transaction. Whoever has read it meanwhile
    /// reads again: the same generation is given out anew.
    var undoneTopologies: Int { get }
    /// Counts the changes that were made by hand to deliveries and to mails about them.
    func queueGeneration() throws(OutboxProblem) -> Int64
    /// Reads the nodes and the endpoints.
    ///
    /// An endpoint of which something cannot be read says so in its ``StoredEndpoint/fault`` and is no reason to read none.
    /// - Parameters:
    ///   - withCredentials: Whether credentials are read, for which sealed ones need their key; without them the settings hold
    ///     none, and fixed headers have no values.
    ///   - withRemoved: Whether removed endpoints are read too, of which there may be any number.
    func topology(withCredentials: Bool, withRemoved: Bool) throws(OutboxProblem) -> StoredTopology
    /// Reads the node with an id, compared byte for byte.
    func node(id: String) throws(OutboxProblem) -> Node?
    /// Whether there is a node whose id looks like this one, whatever its bytes.
    func hasNode(lookingLike id: String) throws(OutboxProblem) -> Bool
    /// Reads the endpoints of one node, without removed ones, with their credentials.
    func endpoints(atNode node: String) throws(OutboxProblem) -> [StoredEndpoint]
    /// Reads the endpoint with an id, a removed one too, with its credentials.
    func endpoint(id: String) throws(OutboxProblem) -> StoredEndpoint?
    /// Reads one endpoint with its credentials; `nil` when there is none of that number.
    func endpoint(_ key: Int64) throws(OutboxProblem) -> StoredEndpoint?
    /// Every revision an endpoint ever had, as pairs of its key and what deliveries are pinned to.
    func revision(_ key: Int64) throws(OutboxProblem) -> StoredRevision?
    /// Carries out a plan and counts the topology's generation up.
    func change(_ plan: TopologyPlan, at now: Timestamp) throws(OutboxProblem)
    /// Sets an endpoint's state and counts the topology's generation up.
    func setState(_ state: EndpointState, reason: String?, ofEndpoint key: Int64, at now: Timestamp) throws(OutboxProblem)
    /// Writes down what came of a handshake, unless the endpoint has another revision by now or is not unverified any more.
    ///
    /// - Parameter failure: Why the endpoint stays unverified, for people; `nil` to make it active.
    /// - Returns: Whether it counted.
    func settleHandshake(
        ofEndpoint key: Int64,
        revision: Int64,
        failure: String?,
        at now: Timestamp
    ) throws(OutboxProblem) -> Bool
    /// Replaces an endpoint's credentials and counts the topology's generation up.
    func setCredentials(
        _ credentials: [String: JSONValue],
        ofEndpoint key: Int64,
        id: String,
        at now: Timestamp
    ) throws(OutboxProblem)
    /// Seals credentials and fixed headers that are stored in the clear, if the store has a key.
    /// - Returns: The ids of the endpoints whose credentials were sealed.
    func sealClearCredentials(at now: Timestamp) throws(OutboxProblem) -> [String]
    /// Seals all credentials and fixed headers anew with the store's key, those of removed endpoints too.
    /// - Returns: The ids of the endpoints.
    /// - Throws: What keeps one of them from being read; the transaction is to be undone then.
    func sealAnew(at now: Timestamp) throws(OutboxProblem) -> [String]
    /// How many deliveries of an endpoint are pending or held.
    func waitingDeliveries(ofEndpoint key: Int64) throws(OutboxProblem) -> Int
    /// Moves pending deliveries to held.
    func hold(_ deliveries: [Int64]) throws(OutboxProblem)
    /// Moves pending deliveries of endpoints that are disabled or unverified to held, at most `limit`; reads all pending ones.
    /// - Returns: How many were moved.
    func holdInactive(limit: Int) throws(OutboxProblem) -> Int
    /// Moves held deliveries of active endpoints back to pending, at most `limit`.
    /// - Parameter endpoints: The numbers of endpoints whose deliveries stay held all the same.
    /// - Returns: How many were moved.
    func releaseActive(limit: Int, except endpoints: [Int64], at now: Timestamp) throws(OutboxProblem) -> Int

    // MARK: Accepting

    /// Stores events with their deliveries, but for those whose id is known.
    /// - Returns: What came of each, in their order.
    func accept(_ candidates: [Candidate], at now: Timestamp) throws(OutboxProblem) -> [Acceptance]
    /// The oldest events that another program inserted and that have no deliveries yet.
    func arrivals(limit: Int) throws(OutboxProblem) -> [Arrival]
    /// Whether there are arrivals.
    func hasArrivals() throws(OutboxProblem) -> Bool
    /// Gives an arrival its deliveries; from then on it is no arrival.
    func fanOut(_ seq: Int64, to recipients: [Recipient], at now: Timestamp) throws(OutboxProblem)

    // MARK: Claiming

    /// Visits first attempts that are due, in the order of acceptance, from after `id`; `visit` says whether to go on.
    func scanReady(
        after id: Int64,
        limit: Int,
        _ visit: (ReadyRow) throws(OutboxProblem) -> Bool
    ) throws(OutboxProblem) -> ScanEnd
    /// Visits further attempts that are due at `now`, by due time, from after a position.
    func scanRetries(
        after position: RetryPosition,
        dueBy now: Timestamp,
        limit: Int,
        _ visit: (RetryRow) throws(OutboxProblem) -> Bool
    ) throws(OutboxProblem) -> ScanEnd
    /// When the first further attempt after `now` is due.
    func nextRetry(after now: Timestamp) throws(OutboxProblem) -> Timestamp?
    /// Reads an event, and whether the library checked it when it was accepted; one that was inserted by SQL had only the
    /// table's own checks.
    func event(_ seq: Int64) throws(OutboxProblem) -> (event: Event, isChecked: Bool)?
    /// Whether any delivery is pending, or any event waits for its fan-out.
    func hasUnsettled() throws(OutboxProblem) -> Bool

    // MARK: Recording

    /// Where a delivery is in its schedule; at its start when there is no such delivery.
    func round(of delivery: Int64) throws(OutboxProblem) -> DeliveryRound
    /// Stores attempts, their deliveries' states and next times.
    ///
    /// A delivery that was cancelled while its request was on the wire stays cancelled, and one that was pruned too gets no
    /// attempt: its result has nowhere to stand.
    @discardableResult
    func record(_ attempts: [AttemptRecord]) throws(OutboxProblem) -> UnmovedDeliveries
    /// Writes down what the engine says of itself.
    func write(_ pulse: EnginePulse) throws(OutboxProblem)
    /// Writes down which endpoints the engine cannot use, with the reason, by their ids. Whatever writes an endpoint anew
    /// afterwards strikes it from there: the engine that runs looks at it again, and what the last one found is out of date.
    func write(faults: [String: String], at now: Timestamp) throws(OutboxProblem)

    /// Writes down until when an endpoint is left alone, because its receiver asked for it; `nil` when it is not any more.
    func write(throttledUntil until: Timestamp?, ofEndpoint key: Int64) throws(OutboxProblem)
    /// The endpoints that are left alone beyond `now`, by their numbers, and until when.
    func throttles(after now: Timestamp) throws(OutboxProblem) -> [Int64: Timestamp]

    // MARK: By hand

    /// Makes deliveries due now, as ``DeliveryRound/retriedByHand(state:attempts:due:wholeRound:scheduleAttempts:at:)`` decides, and
    /// counts the queue's generation up.
    ///
    /// - Parameters:
    ///   - ids: Which ones; only exhausted and pending ones can be retried, and held ones moved.
    ///   - manner: What follows a failure, and where they go.
    ///   - now: When they are due.
    func retry(_ ids: [Int64], _ manner: RetryManner, at now: Timestamp) throws(OutboxProblem) -> RetryReport
    /// Makes deliveries that were delivered due again, with a whole round of the schedule, and counts the queue's generation up.
    func resend(_ ids: [Int64], at now: Timestamp) throws(OutboxProblem) -> RetryReport
    /// Moves deliveries that were not delivered to cancelled, and counts the queue's generation up.
    func cancel(_ ids: [Int64]) throws(OutboxProblem) -> CancelReport
    /// Brings due times that lie ahead nearer, when an engine starts with a schedule that runs faster than written.
    func compressDueTimes(speed: Double, at now: Timestamp) throws(OutboxProblem)
    /// Deletes a batch of settled events with their deliveries and attempts.
    ///
    /// - Parameters:
    ///   - cutoff: Only events whose deliveries all ended before.
    ///   - after: The delivery to start behind.
    ///   - limit: Deliveries to look at.
    /// - Returns: What was deleted, and where to go on; `nil` at the end.
    func prune(
        settledBefore cutoff: Timestamp,
        after: Int64,
        limit: Int
    ) throws(OutboxProblem) -> (report: PruneReport, last: Int64?)
    /// Deletes events that have no deliveries.
    /// - Returns: How many there were.
    func deleteEvents(_ seqs: [Int64]) throws(OutboxProblem) -> Int
    /// Deletes removed endpoints of which no delivery is left, with their revisions; not those that have come back meanwhile.
    /// - Returns: How many were deleted.
    func delete(_ endpoints: [RemovedEndpoint]) throws(OutboxProblem) -> Int
}

extension OutboxStore {
    /// Reads the nodes and all endpoints, removed ones too, with their credentials.
    public func topology() throws(OutboxProblem) -> StoredTopology { try topology(withCredentials: true) }

    /// Reads the nodes and all endpoints, removed ones too.
    public func topology(withCredentials: Bool) throws(OutboxProblem) -> StoredTopology {
        try topology(withCredentials: withCredentials, withRemoved: true)
    }
}

/// How much was asked of a store.
public struct StoreCounters: Sendable, Hashable {
    /// Steps of statements.
    public var statements: Int
    /// Transactions that were committed.
    public var commits: Int
}

/// Why a scan ended.
public enum ScanEnd: Sendable {
    /// There is nothing more.
    case atEnd
    /// As many rows were visited as were asked for.
    case atLimit
    /// The visitor wanted no more.
    case stopped
}

/// A first attempt that is due.
public struct ReadyRow: Sendable {
    /// The delivery.
    public let delivery: Int64
    /// What it is pinned to.
    public let revision: Int64
    /// The event's number.
    public let event: Int64
}

/// A place in the order of further attempts.
public struct RetryPosition: Sendable, Comparable {
    /// The due time.
    public let due: Int64
    /// The delivery.
    public let delivery: Int64

    /// A place by its parts.
    public init(due: Int64, delivery: Int64) {
        self.due = due
        self.delivery = delivery
    }

    /// Before everything.
    public static let start = RetryPosition(due: .min, delivery: .min)

    /// By due time, then by number.
    public static func < (a: RetryPosition, b: RetryPosition) -> Bool { (a.due, a.delivery) < (b.due, b.delivery) }
}

/// A further attempt that is due.
public struct RetryRow: Sendable {
    /// Where it stands in the order.
    public let position: RetryPosition
    /// What it is pinned to.
    public let revision: Int64
    /// The event's number.
    public let event: Int64
    /// Attempts made so far.
    public let attempts: Int
}
