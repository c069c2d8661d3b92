/// What was told of endpoints by events of Posthorn's own. Part of ``OutboxStore``, under the same rules.
public protocol OwnEventJournal: AnyObject {
    /// What was told of an endpoint; `nil` when nothing was.
    func ownEventRecord(ofEndpoint key: Int64) throws(OutboxProblem) -> OwnEventRecord?
    /// Writes down what was told of an endpoint; nothing of one that was deleted meanwhile.
    func write(_ record: OwnEventRecord, ofEndpoint key: Int64) throws(OutboxProblem)
}
