public import PosthornModel
public import PosthornText

/// The deliveries of a store: who may hand them out, what is due, and what became of each attempt. Part of ``OutboxStore``, under the same rules.
public protocol DeliveryQueue: AnyObject {
    /// Whether this store may hand out deliveries now. Never true for two at once.
    var isOwner: Bool { get }
    /// Tries to become the owner, without waiting.
    /// - Returns: `false` when somebody is, be it this store itself: two engines on one store are two owners.
    func own() throws(OutboxProblem) -> Bool
    /// A watch over what this store has opened, and over the owner's lock while it is owner.
    func makeWatch() -> any StoreWatch
    /// Lets another one become owner.
    func disown()
    /// Counts the changes that were made by hand to deliveries and to mails about them.
    func queueGeneration() throws(OutboxProblem) -> Int64
    /// Every revision an endpoint ever had, as pairs of its key and what deliveries are pinned to.
    func revision(_ key: Int64) throws(OutboxProblem) -> StoredRevision?
    /// How many deliveries of an endpoint with greater numbers than one are pending or held.
    func waitingDeliveries(ofEndpoint key: Int64, beyond last: Int64) throws(OutboxProblem) -> Int
    /// Moves pending deliveries to held.
    func hold(_ deliveries: [Int64]) throws(OutboxProblem)
    /// Moves pending deliveries of endpoints that are disabled or unverified to held, at most `limit`; reads all pending ones.
    /// - Parameter endpoints: The numbers of other endpoints whose deliveries are held too, due or not.
    /// - Returns: How many were moved.
    func holdInactive(limit: Int, and endpoints: [Int64]) throws(OutboxProblem) -> Int
    /// Moves held deliveries of active endpoints back to pending, at most `limit`.
    /// - Parameter endpoints: The numbers of endpoints whose deliveries stay held all the same.
    /// - Returns: How many were moved.
    func releaseActive(limit: Int, except endpoints: [Int64], at now: Timestamp) throws(OutboxProblem) -> Int
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
    /// Whether any delivery is pending, or any event waits for its fan-out.
    func hasUnsettled() throws(OutboxProblem) -> Bool
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
    /// Writes down which endpoints the engine cannot use, with the reason, by their ids. Whatever writes an endpoint again
    /// afterwards strikes it from there: the engine that runs looks at it again, and what the last one found is out of date.
    func write(faults: [String: String], at now: Timestamp) throws(OutboxProblem)
    /// Writes down until when an endpoint is left alone, because its receiver asked for it; `nil` when it is not any more.
    func write(throttledUntil until: Timestamp?, ofEndpoint key: Int64) throws(OutboxProblem)
    /// The endpoints that are left alone beyond `now`, by their numbers, and until when.
    func throttles(after now: Timestamp) throws(OutboxProblem) -> [Int64: Timestamp]
    /// Brings due times that lie ahead nearer, when an engine starts with a schedule that runs faster than written.
    func compressDueTimes(speed: Double, at now: Timestamp) throws(OutboxProblem)
}
