/// Encrypts the credentials of endpoints before they are stored, and decrypts them again.
///
/// The outbox stores what it is given: this room knows no cipher. What a sealer makes must never begin with `{`, by which
/// credentials in the clear are recognised.
public protocol CredentialSealing: Sendable {
    /// The text to store in place of credentials.
    /// - Parameters:
    ///   - credentials: A JSON object as UTF-8.
    ///   - id: The endpoint they belong to; what is sealed for one endpoint must not open for another.
    func seal(_ credentials: [UInt8], ofEndpoint id: String) throws(OutboxProblem) -> String

    /// The credentials that a stored text stands for.
    /// - Throws: ``OutboxProblem/Code/key`` when the key is not the one it was sealed with.
    func open(_ sealed: String, ofEndpoint id: String) throws(OutboxProblem) -> [UInt8]
}

/// How the credentials of an outbox are stored.
public struct CredentialStorage: Sendable, Hashable {
    /// Endpoints whose credentials can be read by whoever can read the file.
    public var inTheClear = 0
    /// Endpoints whose credentials are sealed.
    public var sealed = 0

    /// Nothing counted yet.
    public init() {}
}
