/// How the credentials of an outbox are stored.
public struct CredentialStorage: Sendable, Hashable {
    /// Endpoints whose credentials or fixed headers can be read by anyone who can read the file.
    public var inTheClear = 0
    /// Endpoints of which nothing can.
    public var sealed = 0

    /// Nothing counted yet.
    public init() {}
}
