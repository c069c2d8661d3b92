import PosthornText

/// The rules for the headers of an event, which say what it carries besides its data: whose it is, in which language, for which release.
///
/// Who emits an event does not choose its receivers, so these headers never say who the sender is, how a body is to be read, or how a
/// connection is used.
package enum EventHeaders {
    /// The member of an event line, and the column of the outbox.
    package static let name = "headers"

    /// How many an event may have.
    package static let countLimit = 16

    /// Names and values of all of them together. Servers commonly take 8 KiB of headers, and the endpoint's own are among those.
    package static let totalLimitBytes = 4096

    /// Names that are others' to write: HTTP's framing and libcurl (RFC 9110, sections 7 to 12), proxies, what proves who a sender is, the
    /// vendors' signatures, and `traceparent`, which an event has as a member of its own. `date` would be that of the event in an attempt a
    /// day later.
    package static let reservedNames = HeaderRules.reserved.union([
        "accept", "accept-encoding", "authorization", "cookie", "date", "do-signature", "do-timestamp", "forwarded", "http2-settings",
        "max-forwards", "traceparent", "via", "x-signing-token", "x-webio-token",
    ])

    /// How names begin that are others' to write: what a body is, which proxies it came through, Standard Webhooks' own.
    package static let reservedPrefixes = ["content-", "proxy-", "webhook-", "x-forwarded-"]

    /// An example for messages.
    package static let example = #"{"x-tenant": "acme"}"#

    /// Throws unless an event may have these headers.
    package static func check(_ headers: [EventHeader]) throws(InputProblem) {
        if headers.isEmpty { return }
        if headers.count > countLimit {
            throw InputProblem(.tooLarge, field: name, reason: "has \(headers.count) headers; at most \(countLimit) are allowed")
        }
        var names: Set<String> = []
        var bytes = 0
        for header in headers {
            let field = "\(name).\(HeaderRules.shown(name: header.name))"
            guard HeaderRules.isName(header.name) else {
                throw InputProblem(
                    field: field,
                    value: HeaderRules.shown(name: header.name),
                    reason: "is not a header name; write 1 to 128 letters, digits and dashes, such as x-tenant"
                )
            }
            if isReserved(header.name) {
                throw InputProblem(.notAllowed, field: field, value: header.name, reason: reservation(of: header.name))
            }
            guard isValue(header.value) else {
                // The value is not repeated, since it may be a secret.
                throw InputProblem(
                    field: field,
                    reason:
                        "must be visible ASCII characters, with blanks between them alone; encode others, as %C3%A9 for é"
                )
            }
            if !names.insert(header.name).inserted {
                throw InputProblem(.conflict, field: field, value: header.name, reason: "is there twice; write one header of that name")
            }
            bytes += header.name.utf8.count + header.value.utf8.count
        }
        if bytes > totalLimitBytes {
            throw InputProblem(
                .tooLarge,
                field: name,
                reason: "have \(bytes) bytes of names and values; at most \(totalLimitBytes) are allowed, so put it into data"
            )
        }
    }

    private static func isReserved(_ name: String) -> Bool {
        reservedNames.contains(name) || reservedPrefixes.contains { name.hasPrefix($0) }
    }

    private static func reservation(of name: String) -> String {
        switch name {
        case TraceParent.name: "is a member of the event of its own; write traceparent beside headers"
        case "authorization", "cookie": "would go to every receiver of the event; give it to the endpoint, as a fixed header"
        default: "is written by Posthorn, by a vendor's signature or by HTTP itself; leave it out, or name it x-…"
        }
    }

    /// Whether a value can be a header's: visible ASCII characters, with blanks between them alone. Others have no meaning that all
    /// receivers agree on (RFC 9110, section 5.5).
    package static func isValue(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            guard let first = bytes.first, let last = bytes.last, first != 0x20, last != 0x20 else { return false }
            return bytes.allSatisfy { (0x20...0x7E).contains($0) }
        }
    }

    /// Whether two events have the same headers: their order means nothing (RFC 9110, section 5.3).
    package static func areSame(_ one: [EventHeader], _ other: [EventHeader]) -> Bool {
        one == other || (one.count == other.count && Set(one) == Set(other))
    }

    // MARK: As JSON

    /// The headers as the outbox has them: an object of names and values; `nil` for none.
    package static func text(_ headers: [EventHeader]) -> String? {
        if headers.isEmpty { return nil }
        var writer = JSONWriter()
        writer.write(.object(headers.map { .init($0.name, .string($0.value)) }))
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The headers of a row. A text that cannot be read becomes one without a name, which no check lets pass.
    package static func stored(_ text: String?) -> [EventHeader] {
        guard let text else { return [] }
        var wrong: InputProblem?
        let headers = try? JSONScanner.read(Array(text.utf8)) { (scanner) throws(JSONProblem) in try read(&scanner, &wrong) }
        return wrong == nil ? headers ?? [unreadable] : [unreadable]
    }

    private static let unreadable = EventHeader(name: "", value: "")

    /// Reads an object of names and values; what it cannot be is left in `wrong`.
    static func read(_ scanner: inout JSONScanner, _ wrong: inout InputProblem?) throws(JSONProblem) -> [EventHeader] {
        guard try scanner.peek() == .object else {
            _ = try scanner.skipValue()
            wrong = wrong ?? InputProblem(field: name, reason: "must be an object of names and values, such as \(example)")
            return []
        }
        var headers: [EventHeader] = []
        var problem: InputProblem?
        try scanner.members { (key, value) throws(JSONProblem) in
            let name = value.decodeString(key)
            if try value.peek() == .string { return headers.append(EventHeader(name: name, value: try value.string())) }
            _ = try value.skipValue()
            problem = problem ?? InputProblem(field: "\(Self.name).\(HeaderRules.shown(name: name))", reason: "must be a string")
        }
        wrong = wrong ?? problem
        return headers
    }
}
