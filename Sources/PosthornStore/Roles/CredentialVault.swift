public import PosthornText

/// The credentials of a store's endpoints, sealed where the store has a key. Part of ``OutboxStore``, under the same rules.
public protocol CredentialVault: AnyObject {
    /// Replaces an endpoint's credentials and counts the topology's generation up.
    func setCredentials(
        _ credentials: [String: JSONValue],
        ofEndpoint key: Int64,
        id: String,
        at now: Timestamp
    ) throws(OutboxProblem)
    /// Whether credentials or fixed headers of an endpoint that is not removed are sealed. Needs no key.
    func hasSealedCredentials() throws(OutboxProblem) -> Bool
    /// Seals credentials and fixed headers that are stored in the clear, if the store has a key.
    /// - Returns: The ids of the endpoints whose credentials were sealed.
    func sealClearCredentials(at now: Timestamp) throws(OutboxProblem) -> [String]
    /// Seals all credentials and fixed headers again with the store's key, those of removed endpoints too.
    /// - Returns: The ids of the endpoints.
    /// - Throws: What keeps one of them from being read; the transaction is to be undone then.
    func sealAnew(at now: Timestamp) throws(OutboxProblem) -> [String]
}
