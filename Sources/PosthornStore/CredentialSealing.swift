/// Encrypts the credentials of endpoints before they are stored, and decrypts them again.
///
/// The outbox stores what it is given: this room knows no cipher. What a sealer makes must never begin with `{`, by which
/// credentials in the clear are recognised.
public protocol CredentialSealing: Sendable {
    /// The text to store in place of credentials.
    /// - Parameters:
    ///   - credentials: JSON as UTF-8: the credentials, or the endpoint's fixed headers.
    ///   - id: The endpoint they belong to; what is sealed for one endpoint must not open for another.
    func seal(_ credentials: [UInt8], ofEndpoint id: String) throws(OutboxProblem) -> String

    /// The credentials that a stored text stands for.
    /// - Throws: ``OutboxProblem/Code/key`` when the key is not the one it was sealed with.
    func open(_ sealed: String, ofEndpoint id: String) throws(OutboxProblem) -> [UInt8]
}
