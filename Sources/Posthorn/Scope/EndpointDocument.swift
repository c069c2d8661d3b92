import PosthornFormats
import PosthornSystem
package import PosthornStore

/// An endpoint as the HTTP API shows it.
package struct EndpointDocument: Sendable {
    /// The endpoint with its secrets masked.
    package let endpoint: StoredEndpoint
    /// Changes with every change of the endpoint, of its secrets too, and says nothing about them.
    package let tag: String
}
