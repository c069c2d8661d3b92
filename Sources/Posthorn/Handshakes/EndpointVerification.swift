public import PosthornModel
import PosthornStore
import PosthornFormats
import PosthornSystem

/// What `Outbox.verify` found.
public struct EndpointVerification: Sendable, Hashable {
    /// The endpoint's state from now on.
    public let state: EndpointState
    /// Why the endpoint has not proved itself; `nil` when it has, or need not.
    public let failure: String?
    /// The class of the failure, when no answer came.
    public let error: AttemptError?
    /// Whether the endpoint's vendor has a handshake at all; if not, nothing was sent.
    public let isNeeded: Bool
}
