public import PosthornText

/// Where an outbox is, and how its store is opened: what an ``Outbox`` is made of.
public protocol StoreLocation: Sendable {
    /// What messages call it, such as a file's path. Never holds a password.
    var name: String { get }
    /// Opens the store that the writer's thread uses, and makes or brings up to date what it needs.
    /// - Parameters:
    ///   - sealing: Encrypts credentials; `nil` to store them in the clear.
    ///   - now: When it is opened.
    func open(sealing: (any CredentialSealing)?, at now: Timestamp) throws(OutboxProblem) -> sending any OutboxStore
    /// What reads beside that store. Opens nothing before it is needed.
    /// - Parameter now: Says the time when a reader is opened.
    func makeReaders(
        sealing: (any CredentialSealing)?,
        now: @escaping @Sendable () -> Timestamp
    ) -> any OutboxReaders
}
