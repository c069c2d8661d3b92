public import PosthornModel
public import PosthornText

/// A key of the HTTP API as a store holds it.
public struct StoredAccessKey: Sendable, Hashable {
    /// What is listed of it.
    public let key: AccessKey
    /// SHA-256 of its whole text, in hexadecimal digits.
    public let digest: String

    /// Creates a key.
    public init(_ key: AccessKey, digest: String) {
        self.key = key
        self.digest = digest
    }
}

/// Changes of the keys of the HTTP API. Part of ``OutboxStore``, under the same rules.
public protocol AccessKeyStore: AnyObject {
    /// Stores a new key and counts their generation up.
    func insert(_ key: StoredAccessKey) throws(OutboxProblem)
    /// Revokes a key and counts their generation up.
    /// - Returns: Whether there is one of that id; one that was revoked before stays so since then.
    func revokeAccessKey(_ id: String, at now: Timestamp) throws(OutboxProblem) -> Bool
    /// Deletes keys that are of no use any more, and counts their generation up.
    func forgetAccessKeys(_ ids: [String]) throws(OutboxProblem)
    /// Writes down when keys were used last, which is no change of them.
    func setLastUse(_ times: [String: Timestamp]) throws(OutboxProblem)
}

/// What is read of the keys of the HTTP API.
public protocol AccessKeyReader: AnyObject {
    /// All keys in the order in which they were made, revoked and expired ones too.
    func accessKeys() throws(OutboxProblem) -> [StoredAccessKey]
    /// Counts the changes of the keys.
    func accessKeyGeneration() throws(OutboxProblem) -> Int64
}
