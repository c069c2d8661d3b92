import CPosthornCurl
import PosthornCurl
public import PosthornModel
import PosthornSystem

/// A proxy through which all requests leave: it gets the receiver's name and resolves it.
///
/// Only by HTTP's CONNECT and by SOCKS5 with names, so that TLS goes through it from end to end, and a request in clear text is not touched
/// by it either.
public struct OutboundProxy: Sendable, Hashable, CustomStringConvertible {
    /// How it is spoken to.
    public enum Kind: String, CaseIterable, Sendable {
        /// HTTP, with CONNECT.
        case http
        /// SOCKS5; the proxy resolves names.
        case socks5h
    }

    /// How it is spoken to.
    public let kind: Kind
    /// Its host: a name or an address, without the brackets of IPv6.
    public let host: String
    /// Its port.
    public let port: UInt16
    /// Who logs in; `nil` where it needs no login.
    public let user: String?
    let password: String?
    /// Its address where its host is written as a number; then no name server is asked.
    let numericAddress: NetworkAddress?

    /// Reads a proxy's URL.
    /// - Parameters:
    ///   - text: `http://[USER@]HOST:PORT` or `socks5h://[USER@]HOST:PORT`.
    ///   - password: For the user in the URL; not in the URL itself, where it would show up in lists of processes.
    /// - Throws: An ``InputProblem`` for anything else; it never shows the user or a password.
    public init(_ text: String, password: String? = nil) throws(InputProblem) {
        guard text.utf8.count <= EndpointURL.lengthLimitBytes, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let handle = curl_url()
        else { throw InputProblem(field: "", reason: "the proxy's URL is too long, or holds blanks or characters that are not ASCII") }
        defer { curl_url_cleanup(handle) }
        guard curl_url_set(handle, CURLUPART_URL, text, UInt32(CURLU_NON_SUPPORT_SCHEME)) == CURLUE_OK else {
            throw InputProblem(field: "", reason: "the proxy's URL cannot be read; \(Self.advice)")
        }
        func part(_ part: CURLUPart, _ flags: Int32 = 0) -> String? { CurlURL.part(handle, part, flags) }
        if part(CURLUPART_PASSWORD) != nil {
            throw InputProblem(.notAllowed, field: "", reason: "the proxy's URL holds a password; hand it over apart from the URL")
        }
        let scheme = part(CURLUPART_SCHEME) ?? ""
        guard let kind = Kind(rawValue: scheme) else {
            let hint = scheme.hasPrefix("socks") ? "only socks5h, with which the proxy resolves names, is spoken" : Self.advice
            throw InputProblem(field: "", value: scheme, reason: "is no scheme of a proxy's URL that is known; \(hint)")
        }
        guard let written = part(CURLUPART_HOST), let port = part(CURLUPART_PORT).flatMap({ UInt16($0) }), port > 0 else {
            throw InputProblem(field: "", reason: "the proxy's URL lacks a host or a port; \(Self.advice)")
        }
        if let path = part(CURLUPART_PATH), path != "/" {
            throw InputProblem(field: "", reason: "the proxy's URL has a path; \(Self.advice)")
        }
        let user = part(CURLUPART_USER, CURLU_URLDECODE)
        for secret in [user, password] where secret?.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) == true {
            throw InputProblem(field: "", reason: "the proxy's user or password holds a control character")
        }
        // Of SOCKS5 (RFC 1929); the user of HTTP's Basic ends at a colon.
        if [user, password].contains(where: { ($0?.utf8.count ?? 0) > 255 }) || user?.contains(":") == true {
            throw InputProblem(field: "", reason: "the proxy's user or password has more than 255 bytes, or the user a colon")
        }
        if password != nil, user == nil {
            let advice = "write it as \(scheme)://user@host:port"
            throw InputProblem(.missing, field: "", reason: "the proxy's URL names no user for the password; \(advice)")
        }
        self.kind = kind
        host = (written.hasPrefix("[") ? String(written.dropFirst().dropLast()) : written).lowercased()
        self.port = port
        self.user = user
        self.password = password
        numericAddress = NetworkAddress(host)
        guard numericAddress != nil || EndpointURL.isName(host) else {
            throw InputProblem(field: "", value: host, reason: "is neither a name nor an address; \(Self.advice)")
        }
    }

    private static let advice = "write it as http://host:port or socks5h://host:port"

    /// Its URL without who logs in.
    public var description: String { "\(kind.rawValue)://\(bracketedHost):\(port)" }

    private var bracketedHost: String { host.contains(":") ? "[\(host)]" : host }
}
