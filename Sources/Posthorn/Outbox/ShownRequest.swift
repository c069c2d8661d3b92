import PosthornFormats
package import PosthornModel
import PosthornText

/// A request to a receiver as it may be shown: secrets stand as `***`.
package struct ShownRequest: Sendable, Equatable {
    /// POST or GET.
    package let method: RequestMethod
    /// Where it goes, with what is added to the query.
    package let url: String
    /// The lines of its head, in order.
    package let headers: [EndpointSettings.Header]
    /// The body; empty for a GET.
    package let body: [UInt8]

    /// Hides what is secret in a request.
    /// - Parameters:
    ///   - request: What a composer wrote.
    ///   - settings: The endpoint that it was written for.
    ///   - redactor: Knows the endpoint's secrets; `nil` when it has none.
    ///   - event: Whose request it is.
    init(_ request: OutboundRequest, _ settings: EndpointSettings, _ redactor: SecretRedactor?, of event: Event) {
        let mask: ([UInt8]) -> [UInt8] = { redactor?.redacted($0, isCut: false) ?? $0 }
        method = settings.method
        url = Self.shown(settings.url, query: mask(request.query))
        let ofEvent = event.headers.filter(\.looksSecret).map(\.name)
        headers = Self.lines(request.headers, hidden: Set(settings.headers.map { $0.name.lowercased() } + ofEvent), mask)
        body = mask(request.body)
    }

    private static func shown(_ url: String, query: [UInt8]) -> String {
        let masked = MaskedURL.text(url)
        if query.isEmpty { return masked }
        return masked + (masked.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + String(decoding: query, as: UTF8.self)
    }

    /// Headers that are the same for every endpoint, whatever text a secret is.
    private static let commonHeaders: Set<String> = ["content-type", "user-agent"]

    /// Header lines as pairs.
    /// - Parameter hidden: Headers without their values: fixed ones, which may hold anything, and those that an event calls a secret.
    private static func lines(
        _ headers: [UInt8],
        hidden: Set<String>,
        _ mask: ([UInt8]) -> [UInt8]
    ) -> [EndpointSettings.Header] {
        return headers.split(separator: UInt8(ascii: "\n")).map { line in
            let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1)
            let name = String(decoding: parts.first ?? [], as: UTF8.self)
            if hidden.contains(name.lowercased()) { return .init(name: name, value: MaskedURL.mark) }
            let value = parts.count > 1 ? parts[1].filter { $0 != UInt8(ascii: "\r") }.drop { $0 == UInt8(ascii: " ") } : []
            let shown = commonHeaders.contains(name.lowercased()) ? Array(value) : mask(Array(value))
            return .init(name: name, value: String(decoding: shown, as: UTF8.self))
        }
    }
}
