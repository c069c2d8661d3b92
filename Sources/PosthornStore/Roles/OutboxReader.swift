public import PosthornModel
public import PosthornText

/// What is read of an outbox beside its writer: lists, look-ups, counts and checks. Each call sees one state of the outbox; none waits
/// for a writer or keeps one waiting.
///
/// A reader is used by one thread at a time. ``OutboxReaders`` lends them out.
public protocol OutboxReader: TopologySource, RetentionSource {
    // MARK: Topology

    /// How credentials are stored. Needs no key.
    func credentialStorage() throws(OutboxProblem) -> CredentialStorage
    /// What the engine that runs, or the last one, could not use.
    func faultsOfRun() throws(OutboxProblem) -> FaultsOfRun

    // MARK: Lists

    /// A page of the deliveries that a filter asks for.
    /// - Parameter last: The delivery that the page before ended with.
    /// - Returns: The page, and whether there may be another.
    func deliveries(_ filter: DeliveryFilter, beyond last: Int64?) throws(OutboxProblem) -> (page: [Delivery], goesOn: Bool)
    /// The numbers of the deliveries that a filter asks for and that are in one of some states, lowest first.
    /// - Parameters:
    ///   - last: Only numbers greater than this.
    ///   - limit: How many at most.
    func deliveryNumbers(
        _ filter: DeliveryFilter,
        states: Set<DeliveryState>,
        beyond last: Int64,
        limit: Int
    ) throws(OutboxProblem) -> [Int64]
    /// The deliveries that wait, pending or held, for some endpoints, lowest number first.
    /// - Parameters:
    ///   - last: Only numbers greater than this.
    ///   - limit: How many at most.
    func waiting(ofEndpoints keys: [Int64], beyond last: Int64, limit: Int) throws(OutboxProblem) -> WaitingPage
    /// How many deliveries a filter asks for that are in one of some states, by endpoint and state.
    func deliveryCounts(
        _ filter: DeliveryFilter,
        states: Set<DeliveryState>
    ) throws(OutboxProblem) -> [String: [DeliveryState: Int]]
    /// How many deliveries wait, pending or held, for another URL than their endpoint has now, by the endpoints' ids.
    func waitingAtFormerURL(of endpoints: [String]) throws(OutboxProblem) -> [String: Int]
    /// The event with an id, and whether it waits for its deliveries.
    func event(id: String) throws(OutboxProblem) -> (event: Event, waitsForFanOut: Bool)?
    /// The newest events, newest first, of 8 MiB of data at most.
    func newestEvents(limit: Int) throws(OutboxProblem) -> [Event]
    /// A page of the events of a type (of every type for `nil`) in the order in which they were stored.
    /// - Parameter last: Only events with a greater number than this.
    /// - Returns: The page, which is empty when there are no more, and the number of its last event.
    func events(ofType pattern: EventPattern?, beyond last: Int64) throws(OutboxProblem) -> (page: [Event], last: Int64)
    /// The attempts of a delivery, first to last; `nil` when there is no such delivery.
    func attempts(of delivery: Int64) throws(OutboxProblem) -> [Attempt]?
    /// Whether there is a node of that id, or was one when an event that is still here was accepted.
    func knowsNode(_ id: String) throws(OutboxProblem) -> Bool
    /// Whether there is an event of that id.
    func knowsEvent(_ id: String) throws(OutboxProblem) -> Bool

    // MARK: Status and checks

    /// How many more events and deliveries there are than were counted for ``status(at:)``; reads all that is counted.
    func uncounted() throws(OutboxProblem) -> OutboxCounts
    /// Whether an engine that starts has to take the counts once more, since a program of an earlier version may have been at work.
    func needsRecount() throws(OutboxProblem) -> Bool
    /// Counts, ages and rates. Reads no more than a few rows, whatever the outbox holds, but for those that are overdue.
    /// - Parameter now: The time that says what is overdue.
    func status(at now: Timestamp) throws(OutboxProblem) -> OutboxStatus
    /// Endpoints whose receivers asked to be left alone until a time after `now`, by their ids; removed ones are left out.
    func throttledEndpoints(after now: Timestamp) throws(OutboxProblem) -> [String: Timestamp]
    /// How the schema differs from what this program's migrations make, missing parts first.
    func schemaDifferences() throws(OutboxProblem) -> [SchemaDifference]
    /// Counts deliveries that wait and point to no event, revision or endpoint. Reads all that wait.
    func strayDeliveries() throws(OutboxProblem) -> StrayDeliveries
    /// What the store's own check of all its data says; empty when all is well. Takes long on a large outbox.
    func integrityProblems() throws(OutboxProblem) -> [String]
    /// The version of the database that is in use, such as `3.40.1`.
    func databaseVersion() throws(OutboxProblem) -> String

    // MARK: Mails

    /// The mail that is due first, at the latest at `now`.
    func dueMail(at now: Timestamp) throws(OutboxProblem) -> QueuedMail?
    /// The first waiting mail with a greater number, due or not.
    func waitingMail(after key: Int64) throws(OutboxProblem) -> QueuedMail?
    /// When the first waiting mail is due.
    func nextMail() throws(OutboxProblem) -> Timestamp?
    /// The deliveries that a mail reports.
    /// - Parameter limit: How many deliveries are read with their attempts; the others are counted.
    func mailContents(_ key: Int64, limit: Int) throws(OutboxProblem) -> MailContents?
}

/// Lends readers out: a bounded number, so that a long list or check keeps neither mails nor other lists waiting.
public protocol OutboxReaders: Sendable {
    /// Reads with a reader that nobody else uses meanwhile; waits where all are in use.
    func read<Result: Sendable>(_ body: (any OutboxReader) throws -> Result) throws -> Result
    /// Closes those that nobody uses.
    func close()
}
