/// What is read of portal sessions.
public protocol PortalSessionReader: AnyObject {
    /// Sessions that have changed since a generation, in the order in which they were made.
    /// - Parameter generation: 0 for all.
    func portalSessions(changedAfter generation: Int64) throws(OutboxProblem) -> [StoredPortalSession]
    /// Some sessions by their ids.
    func portalSessions(_ rows: NamedRows) throws(OutboxProblem) -> [StoredPortalSession]
    /// Counts the changes of sessions.
    func portalSessionGeneration() throws(OutboxProblem) -> Int64
}
