import PosthornHTTP
import PosthornModel

/// The cookie of a portal session: out of reach of scripts, of this host alone, and sent by pages of other sites only where the operator
/// has named sites that embed the pages.
struct PortalCookie: Sendable {
    /// What comes before every path of the API, so that two programs behind one host have cookies of their own.
    let basePath: String
    /// Whether sites are named that show the pages in a frame.
    let isEmbedded: Bool
    /// Whether customers come through TLS, whatever a proxy says.
    let isAlwaysSecure: Bool

    /// Its name. Browsers take one with this prefix from this host alone and over TLS alone, so that a neighbouring site cannot plant one.
    func name(isSecure: Bool) -> String {
        let name = "posthorn" + basePath.map { $0 == "/" ? "." : String($0) }.joined()
        return isSecure ? "__Host-\(name)" : name
    }

    /// Whether the client talks TLS.
    func isSecure(_ head: HTTPRequestHead) -> Bool { isAlwaysSecure || head.isSecure }

    /// What a request has; `nil` without one. One that is there twice was planted, and is worth nothing.
    func value(in head: HTTPRequestHead) -> Substring? {
        let start = name(isSecure: isSecure(head)) + "="
        let own = head.headers.all("Cookie").flatMap { field -> [Substring] in
            field.split(separator: ";").map { pair in pair.drop { $0 == " " } }.filter { $0.hasPrefix(start) }
        }
        guard let first = own.first else { return nil }
        return own.count == 1 ? first.dropFirst(start.count) : ""
    }

    /// How much longer than its session a browser keeps one: what it still sends is answered with what has become of the session, and not
    /// as if there had been none.
    static let afterlifeSeconds: Int64 = 86_400

    /// The field that has the browser keep one.
    /// - Parameter seconds: How long the session lasts.
    func field(_ token: PortalToken, seconds: Int64, isSecure: Bool) -> String {
        "\(name(isSecure: isSecure))=\(token.text); Max-Age=\(max(0, seconds) + Self.afterlifeSeconds); \(attributes(isSecure))"
    }

    /// The field that has the browser forget it.
    func removal(isSecure: Bool) -> String { "\(name(isSecure: isSecure))=; Max-Age=0; \(attributes(isSecure))" }

    private func attributes(_ isSecure: Bool) -> String {
        let common = "Path=/; HttpOnly"
        if !isSecure { return "\(common); SameSite=Strict" }
        // In a frame of another site a browser keeps none but those that are that site's own copy.
        return isEmbedded ? "\(common); Secure; SameSite=None; Partitioned" : "\(common); Secure; SameSite=Strict"
    }
}
