public import PosthornText

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
