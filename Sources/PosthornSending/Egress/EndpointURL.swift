import CPosthornCurl
import PosthornCurl
public import PosthornModel
import PosthornSystem

/// Where requests to an endpoint go: an http or https URL in canonical form.
///
/// It is parsed by the library that sends the requests, so that what is judged is what is used. Names are resolved and
/// judged by the ``EgressGuard`` in every attempt; nothing about addresses is decided here.
public struct EndpointURL: Sendable, Hashable, CustomStringConvertible {
    /// The canonical text: scheme and host in lower case, numbers for IPv4 in all their spellings as `127.0.0.1`.
    public let text: String
    /// The host, without the brackets of IPv6.
    public let host: String
    /// The port, given or the scheme's own.
    package let port: UInt16
    /// Whether it is http without TLS.
    package let isPlainHTTP: Bool
    /// The host's address when it is written as a number; then no name server is asked.
    let numericAddress: NetworkAddress?

    /// The longest URL that is taken.
    public static let lengthLimitBytes = 2048

    /// Reads a URL.
    ///
    /// - Parameter text: An absolute URL. A fragment is dropped, bytes past ASCII in path and query are percent-encoded.
    /// - Throws: An ``InputProblem`` for other schemes, user info, port 0, zone ids, backslashes, control characters,
    ///   blanks, and host names that are not ASCII.
    public init(_ text: String) throws(InputProblem) {
        try Self.checkCharacters(text)
        guard let handle = curl_url() else { throw Self.problem(text, "could not be read: out of memory") }
        defer { curl_url_cleanup(handle) }
        try Self.parse(text, into: handle)
        // The first reading decodes `%31` and the like, the second one sees its result as a browser would.
        try Self.parse(try Self.part(handle, CURLUPART_URL, text), into: handle)

        let scheme = try Self.part(handle, CURLUPART_SCHEME, text)
        guard scheme == "http" || scheme == "https" else {
            throw Self.problem(text, "has the scheme \(scheme); only http and https can be called")
        }
        if CurlURL.part(handle, CURLUPART_USER) != nil || CurlURL.part(handle, CURLUPART_PASSWORD) != nil {
            throw InputProblem(
                .notAllowed,
                field: "",
                reason: "the URL holds a user name or password; put credentials into the endpoint's settings"
            )
        }
        if CurlURL.part(handle, CURLUPART_ZONEID) != nil {
            throw Self.problem(text, "has a zone id in its host; only global addresses can be called")
        }
        let written = try Self.part(handle, CURLUPART_HOST, text)
        let host = (written.hasPrefix("[") ? String(written.dropFirst().dropLast()) : written).lowercased()
        try Self.checkHost(host, of: text)
        guard let port = UInt16(try Self.part(handle, CURLUPART_PORT, text, CURLU_DEFAULT_PORT)), port > 0 else {
            throw Self.problem(text, "has port 0; use 1 to 65535, or none for the scheme's own")
        }
        curl_url_set(handle, CURLUPART_HOST, written.lowercased(), 0)
        curl_url_set(handle, CURLUPART_FRAGMENT, nil, 0)
        self.text = try Self.part(handle, CURLUPART_URL, text, CURLU_NO_DEFAULT_PORT)
        // Percent-encoding makes three bytes of one.
        try Self.checkLength(self.text, of: text)
        self.host = host
        self.port = port
        isPlainHTTP = scheme == "http"
        numericAddress = NetworkAddress(host)
    }

    /// The canonical text.
    public var description: String { text }

    /// The same URL as libcurl's own parsed form; the caller owns it. `nil` when memory has run out.
    func makeHandle() -> OpaquePointer? {
        guard let handle = curl_url() else { return nil }
        if curl_url_set(handle, CURLUPART_URL, text, 0) == CURLUE_OK { return handle }
        curl_url_cleanup(handle)
        return nil
    }

    /// The query of a request to this URL as it goes out: the URL's own and behind it one that is added, form-encoded.
    public func query(adding query: [UInt8]) -> [UInt8] {
        guard let handle = makeHandle() else { return query }
        defer { curl_url_cleanup(handle) }
        if !query.isEmpty {
            curl_url_set(handle, CURLUPART_QUERY, String(decoding: query, as: UTF8.self), UInt32(CURLU_APPENDQUERY))
        }
        return Array((CurlURL.part(handle, CURLUPART_QUERY) ?? "").utf8)
    }

    private static func checkCharacters(_ text: String) throws(InputProblem) {
        try checkLength(text, of: text)
        for byte in text.utf8 {
            if byte <= 0x20 || byte == 0x7F { throw problem(text, "holds a blank or a control character; percent-encode it") }
            if byte == UInt8(ascii: "\\") { throw problem(text, "holds a backslash; use / in URLs, or %5C") }
        }
        let bytes = Array(text.utf8)
        guard let separator = bytes.firstRange(of: Array("://".utf8)), separator.lowerBound > 0 else {
            throw problem(text, "is not an absolute URL; write it as https://host/path")
        }
        if bytes[separator.upperBound...].first == UInt8(ascii: "/") { throw problem(text, "has no host; write it as https://host/path") }
    }

    private static func checkLength(_ written: String, of text: String) throws(InputProblem) {
        if written.utf8.count > lengthLimitBytes {
            throw problem(text, "has \(written.utf8.count) bytes as it goes out; at most \(lengthLimitBytes) are allowed")
        }
    }

    private static func checkHost(_ host: String, of text: String) throws(InputProblem) {
        guard host.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw problem(text, "has a host name that is not ASCII; write it as \(Punycode.hostName(host))")
        }
        if NetworkAddress(host) != nil { return }
        if !isName(host) { throw problem(text, "has a host that is neither a name nor an address") }
    }

    /// Whether a host's text is that of a name.
    static func isName(_ host: String) -> Bool { !host.isEmpty && host.utf8.count <= 253 && host.utf8.allSatisfy(isHostByte) }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"):
            return true
        default: return false
        }
    }

    private static func parse(_ text: String, into handle: OpaquePointer) throws(InputProblem) {
        let flags = UInt32(bitPattern: CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME)
        let code = curl_url_set(handle, CURLUPART_URL, text, flags)
        if code != CURLUE_OK { throw problem(text, "is not a usable URL: \(String(cString: curl_url_strerror(code)))") }
    }

    private static func part(
        _ handle: OpaquePointer,
        _ part: CURLUPart,
        _ text: String,
        _ flags: Int32 = 0
    ) throws(InputProblem) -> String {
        guard let value = CurlURL.part(handle, part, flags) else { throw problem(text, "is not a complete URL") }
        return value
    }

    /// A problem that shows the URL without its query and user info, where secrets stand.
    private static func problem(_ text: String, _ reason: String) -> InputProblem {
        InputProblem(field: "", value: MaskedURL.withoutQuery(text), reason: reason)
    }
}
