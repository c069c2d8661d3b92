import PosthornFormats
import PosthornModel
import PosthornStore

/// The request of a delivery: of its newest attempt, or of the one that comes next.
package enum DeliveryRequest: Sendable {
    /// The request with its attempt's number. Secrets are those that the endpoint has now, and stand as `***`.
    case composed(ShownRequest, attempt: Int)
    /// Why it cannot be made, for people.
    case impossible(String)
}
