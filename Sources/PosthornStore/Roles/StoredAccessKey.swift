public import PosthornModel

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
