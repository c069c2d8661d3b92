import CPosthornCurl
import PosthornText
import PosthornSystem
import Synchronization

/// The answer to a ``SingleRequest``.
public struct SingleResponse: Sendable, Hashable {
    /// The status of the answer.
    public let status: Int
    /// Its body, as far as it was read.
    public let body: [UInt8]
    /// Whether the body went on beyond the limit.
    public let isTruncated: Bool
    /// The address that was reached, with the port.
    public let address: String
}
