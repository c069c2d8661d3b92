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
    /// The id of the key that was sent with it; `nil` without one, or when it was refused.
    package let keyID: String?

    /// `nil` for checks of health, which come all the time.
    init?(_ access: HTTPAccess, _ route: Route?, _ dashboard: Dashboard) {
        self.access = access
        if route?.path == "/healthz" || route?.path == "/readyz" { return nil }
        self.route = route?.path ?? access.head.flatMap { dashboard.route($0.target.segments) }
        // Elsewhere anybody could put the id of a key there.
        let isProved = route.map { $0.access != .open } ?? false && access.status != 401 && access.status != 503
        keyID = !isProved ? nil : access.head?.headers["Authorization"].flatMap(Self.keyID)
    }

    private static func keyID(_ field: String) -> String? {
        field.split(separator: " ").last.flatMap { AccessToken($0) }?.id
    }
}
