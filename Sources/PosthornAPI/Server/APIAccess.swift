package import PosthornHTTP
import PosthornModel
import PosthornSystem
import PosthornText

/// A line of the API's log: a request that was answered or came to nothing.
package struct APIAccess: Sendable {
    /// What the server knows of it.
    package let access: HTTPAccess
    /// The route's path as the document has it, so that no id and no query is logged; `nil` for paths that there are not.
    package let route: String?
    /// The id of the key or portal session that was proved; `nil` without one, or when it was refused.
    package let keyID: String?
    /// Whether it is one of the scrapes of metrics, which come all the time.
    package let isScrape: Bool

    /// `nil` for checks of health, which come all the time.
    init?(_ access: HTTPAccess, _ note: RequestNote?) {
        self.access = access
        if note?.route?.path == "/healthz" || note?.route?.path == "/readyz" { return nil }
        route = note?.name
        keyID = note?.keyID
        isScrape = note?.route?.path == MetricsRoutes.path
    }
}
