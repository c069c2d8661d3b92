public import PosthornModel

/// A portal session as a store holds it.
public struct StoredPortalSession: Sendable, Hashable {
    /// What is listed of it.
    public let session: PortalSession
    /// SHA-256 of the code in its link, in hexadecimal digits.
    public let codeDigest: String
    /// The same of what the browser has; `nil` until its link is opened.
    public let cookieDigest: String?

    /// Creates a session.
    public init(_ session: PortalSession, codeDigest: String, cookieDigest: String? = nil) {
        self.session = session
        self.codeDigest = codeDigest
        self.cookieDigest = cookieDigest
    }
}
