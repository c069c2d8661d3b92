/// What is read of the keys of the HTTP API.
public protocol AccessKeyReader: AnyObject {
    /// All keys in the order in which they were made, revoked and expired ones too.
    func accessKeys() throws(OutboxProblem) -> [StoredAccessKey]
    /// Some keys by their ids, revoked and expired ones too.
    func accessKeys(_ rows: NamedRows) throws(OutboxProblem) -> [StoredAccessKey]
    /// Counts the changes of the keys.
    func accessKeyGeneration() throws(OutboxProblem) -> Int64
}
