public import PosthornModel
public import PosthornText

/// How an outbox is doing, read beside the writer. Part of ``OutboxReader``, under the same rules.
public protocol StatusReader: AnyObject {
    /// Counts, ages and rates. Reads no more than a few rows, whatever the outbox holds, but for overdue further attempts and for events
    /// that wait for their fan-out, which are counted as far as ``OutboxStatus/overdueLimit`` and ``OutboxStatus/arrivalLimit``.
    /// - Parameters:
    ///   - now: The time that says what is overdue.
    ///   - countsTopology: Whether nodes and endpoints are counted, which goes through all of them; else only removed endpoints are.
    func status(at now: Timestamp, countsTopology: Bool) throws(OutboxProblem) -> OutboxStatus
    /// What can be counted without going through anything that grows with the outbox, for metrics.
    func gauges() throws(OutboxProblem) -> OutboxGauges
    /// How many more events and deliveries there are than were counted for ``status(at:)``; reads all that is counted.
    func uncounted() throws(OutboxProblem) -> OutboxCounts
    /// Whether an engine that starts has to take the counts once more, since a program of an earlier version may have been at work.
    func needsRecount() throws(OutboxProblem) -> Bool
    /// How far the rows that were stored since they were last brought up to date are so, for ``StoreMaintenance/bringRowsUpToDate(beyond:limit:)``:
    /// most often all are, and finding that holds up no writer.
    /// - Parameters:
    ///   - start: Up to where an earlier call has looked; 0 at first.
    ///   - limit: How many it looks at, at most.
    /// - Returns: The number up to which they are, and whether to look on from there; not at the first that is not up to date.
    func rowsUpToDate(beyond start: Int64, limit: Int) throws(OutboxProblem) -> (through: Int64, goesOn: Bool)
    /// What the engine that runs, or the last one, could not use.
    func faultsOfRun() throws(OutboxProblem) -> LastRunFaults
    /// Endpoints whose receivers asked to be left alone until a time after `now`, by their ids; removed ones are left out.
    /// - Parameters:
    ///   - ids: Those that are asked about; `nil` for all.
    ///   - limit: As many of them at most; no more are read.
    func throttledEndpoints(after now: Timestamp, among ids: [String]?, limit: Int) throws(OutboxProblem) -> [String: Timestamp]
    /// Endpoints that are not healthy, by their ids; removed ones are left out.
    /// - Parameters:
    ///   - ids: As above.
    ///   - limit: As above.
    func endpointHealth(among ids: [String]?, limit: Int) throws(OutboxProblem) -> [String: EndpointHealth]
}

extension StatusReader {
    /// Counts, ages and rates, with nodes and endpoints.
    public func status(at now: Timestamp) throws(OutboxProblem) -> OutboxStatus { try status(at: now, countsTopology: true) }

    /// All endpoints whose receivers asked to be left alone until a time after `now`.
    public func throttledEndpoints(after now: Timestamp) throws(OutboxProblem) -> [String: Timestamp] {
        try throttledEndpoints(after: now, among: nil, limit: .max)
    }

    /// All endpoints that are not healthy.
    public func endpointHealth() throws(OutboxProblem) -> [String: EndpointHealth] { try endpointHealth(among: nil, limit: .max) }
}
