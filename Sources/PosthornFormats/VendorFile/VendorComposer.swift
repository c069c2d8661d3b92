package import PosthornModel
package import PosthornText

/// Makes the requests of a vendor whose format a file describes.
///
/// In this order: the body with what is filled in, signatures that lie in the body, the query, signatures in the query, headers, and
/// signatures in headers, each of which may cover what was made before it.
package final class VendorComposer: RequestComposer {
    private let description: VendorDescription
    private let keys: VendorKeys
    private let signers: [VendorSigner]
    private let url: [UInt8]
    private let isSpoiled: Bool
    /// Header lines that are the same in each request.
    private let constantHeaders: [UInt8]
    private let changingHeaders: [(name: String, template: VendorTemplate)]
    private let typeHeaders: [String: [UInt8]]
    private let trailingHeaders: [UInt8]
    private let usesURL: Bool

    /// - Parameters:
    ///   - file: The vendor's file.
    ///   - credentials: Keys and settings by the names that the file gives them.
    ///   - ends: Until when further keys sign, by their names, where they do not sign on.
    ///   - url: Where requests go, which some vendors sign.
    ///   - headers: More headers.
    ///   - isSpoiled: Whether signatures are to be wrong, and of the right form.
    /// - Throws: Which credential is missing, unknown or of no use.
    package init(
        _ file: VendorFile,
        credentials: [String: String],
        ends: [String: Timestamp] = [:],
        url: String,
        headers: [EndpointSettings.Header] = [],
        isSpoiled: Bool = false
    ) throws(InputProblem) {
        let description = file.description
        self.description = description
        let keys = try VendorKeys(description, credentials, ends: ends, isSending: true)
        self.keys = keys
        signers = description.signatures.indices.map { i in
            VendorSigner(signature: description.signatures[i], keys: keys.keys[i], ends: keys.ends[i])
        }
        self.url = Array(url.utf8)
        self.isSpoiled = isSpoiled
        let type = description.form == .form ? "application/x-www-form-urlencoded" : "application/json"
        let named = Set(description.headers.map { $0.name.lowercased() })
        var lines = named.contains("content-type") ? "" : "content-type: \(type)\r\n"
        if !named.contains("user-agent") { lines += "user-agent: \(PosthornVersion.userAgent)\r\n" }
        var constant = Array(lines.utf8)
        for (name, template) in description.headers {
            guard let value = template.constant else { continue }
            constant.append(contentsOf: "\(name): ".utf8)
            constant.append(contentsOf: value + [0x0D, 0x0A])
        }
        constantHeaders = constant.count > 1 ? constant.dropLast(2) : constant
        changingHeaders = description.headers.filter { $0.template.constant == nil }
        let ofSignatures = description.signatures.compactMap { if case .header(let name, _) = $0.place { name.lowercased() } else { nil } }
        typeHeaders = Dictionary(
            file.types.map {
                (
                    $0.name,
                    Self.lines($0.headers.filter { !named.contains($0.name.lowercased()) && !ofSignatures.contains($0.name.lowercased()) })
                )
            },
            uniquingKeysWith: { first, _ in first }
        )
        trailingHeaders = Self.lines(headers.map { ($0.name, $0.value) })
        usesURL = description.signatures.contains { $0.content.holds(.url) || !$0.claims.isEmpty }
    }

    private static func lines(_ headers: [(name: String, value: String)]) -> [UInt8] {
        headers.flatMap { Array("\r\n\($0.name): \($0.value)".utf8) }
    }

    /// Throws when this vendor's format cannot carry the data.
    package func check(type: String, data: [UInt8], at now: Timestamp) throws(InputProblem) {
        var request = OutboundRequest()
        let event = Event(id: "check", type: type, node: "lab", created: now, data: data)
        try compose(AcceptedEvent(event), attempt: 1, at: now, into: &request)
    }

    package func compose(
        _ event: AcceptedEvent,
        attempt: Int,
        at now: Timestamp,
        into request: inout OutboundRequest
    ) throws(InputProblem) {
        try compose(event, attempt: attempt, at: now, changingBody: nil, into: &request)
    }

    /// The same with another body, rightly signed: for requests that test a receiver.
    /// - Parameter change: Changes the body before it is signed.
    package func compose(
        _ event: AcceptedEvent,
        attempt: Int,
        at now: Timestamp,
        changingBody change: ((inout [UInt8]) -> Void)?,
        into request: inout OutboundRequest
    ) throws(InputProblem) {
        if let problem = event.problem { throw problem }
        var rendering = VendorRendering(keys)
        (rendering.id, rendering.eventName, rendering.attempt, rendering.moment) = (event.event.id, event.event.type, attempt, now)
        try writeBody(event.event.data, rendering, into: &request.body)
        for signer in signers {
            guard case .json(let pointer) = signer.signature.place, let key = signer.keys.first else { continue }
            var text: [UInt8] = []
            try signer.append(key, rendering, body: request.body, isSpoiled: isSpoiled, to: &text)
            try Self.demand(pointer.replace(in: &request.body, by: text), pointer)
        }
        change?(&request.body)
        try finish(event.event.type, &rendering, &request)
    }

    /// A request with a body that is given, rightly signed: a vendor's question to a new URL.
    package func compose(body: [UInt8], id: String, at now: Timestamp, into request: inout OutboundRequest) throws(InputProblem) {
        var rendering = VendorRendering(keys)
        (rendering.id, rendering.moment) = (id, now)
        request.body = body
        try finish("", &rendering, &request)
    }

    private func writeBody(_ data: [UInt8], _ rendering: VendorRendering, into body: inout [UInt8]) throws(InputProblem) {
        if description.form == .batch { body.append(UInt8(ascii: "[")) }
        body.append(contentsOf: data)
        if description.form == .batch { body.append(UInt8(ascii: "]")) }
        for (pointer, template) in description.fills {
            try Self.demand(pointer.replace(in: &body, by: rendering.text(template, body: [])), pointer)
        }
        if description.form == .form { body = try Self.form(body) }
    }

    private static func demand(_ isThere: Bool, _ pointer: JSONPointer) throws(InputProblem) {
        if !isThere {
            throw InputProblem(.missing, field: "data", reason: "have nothing at \(pointer.text), where the vendor file writes a value")
        }
    }

    /// The members of an object as a form; each element of an array is a value of its own.
    private static func form(_ data: [UInt8]) throws(InputProblem) -> [UInt8] {
        guard case .object(let members) = try? JSONValue.parse(data) else {
            throw InputProblem(.incompatible, field: "data", reason: "must be an object, whose members are sent as a form")
        }
        var form: [UInt8] = []
        func add(_ name: String, _ value: JSONValue) {
            switch value {
            case .string(let text): FormEncoding.append(name.utf8, text.utf8, to: &form)
            case .array(let elements): for element in elements { add(name, element) }
            case .null: FormEncoding.append(name.utf8, "".utf8, to: &form)
            default: FormEncoding.append(name.utf8, value.text.utf8, to: &form)
            }
        }
        for member in members { add(member.key, member.value) }
        return form
    }

    /// Query and headers of a request whose body is there.
    private func finish(_ type: String, _ rendering: inout VendorRendering, _ request: inout OutboundRequest) throws(InputProblem) {
        for (name, template) in description.query {
            FormEncoding.append(name.utf8, rendering.text(template, body: request.body), to: &request.query)
        }
        if usesURL { rendering.url = Self.url(url, adding: request.query) }
        for signer in signers {
            guard case .query(let name) = signer.signature.place, let key = signer.keys.first else { continue }
            var text: [UInt8] = []
            try signer.append(key, rendering, body: request.body, isSpoiled: isSpoiled, to: &text)
            FormEncoding.append(name.utf8, text, to: &request.query)
        }
        request.headers.append(contentsOf: constantHeaders)
        for (name, template) in changingHeaders {
            Self.begin(name, &request.headers)
            rendering.append(template, body: request.body, to: &request.headers)
        }
        if let lines = typeHeaders[type] { request.headers.append(contentsOf: lines) }
        for signer in signers { try write(signer, rendering, &request) }
        request.headers.append(contentsOf: trailingHeaders)
    }

    static func url(_ url: [UInt8], adding query: [UInt8]) -> [UInt8] {
        if query.isEmpty { return url }
        return url + [UInt8(ascii: url.contains(UInt8(ascii: "?")) ? "&" : "?")] + query
    }

    private static func begin(_ name: String, _ headers: inout [UInt8]) {
        headers.append("\r\n")
        headers.append(contentsOf: name.utf8)
        headers.append(": ")
    }

    private func write(_ signer: VendorSigner, _ rendering: VendorRendering, _ request: inout OutboundRequest) throws(InputProblem) {
        guard case .header(let name, let value) = signer.signature.place, let first = signer.keys.first else { return }
        var rendering = rendering
        if signer.usesHeaders {
            let plain = rendering
            rendering.header = { [description, body = request.body] name in
                description.headers.first { $0.name.lowercased() == name }.map { plain.text($0.template, body: body) } ?? []
            }
        }
        Self.begin(name, &request.headers)
        try fill(value, signer, first, rendering, &request)
        guard let repetition = signer.signature.repetition else { return }
        for (i, key) in signer.keys.enumerated().dropFirst() where signer.signs(i, at: rendering.moment) {
            switch repetition {
            case .joined(let template): try fill(template, signer, key, rendering, &request)
            case .numbered(let header):
                let name = header.pieces.map { piece in
                    if case .literal(let bytes) = piece { String(decoding: bytes, as: UTF8.self) } else { String(i + 1) }
                }
                Self.begin(name.joined(), &request.headers)
                try fill(value, signer, key, rendering, &request)
            }
        }
    }

    private func fill(
        _ template: VendorTemplate,
        _ signer: VendorSigner,
        _ key: VendorKey,
        _ rendering: VendorRendering,
        _ request: inout OutboundRequest
    ) throws(InputProblem) {
        for piece in template.pieces {
            switch piece {
            case .literal(let bytes): request.headers.append(contentsOf: bytes)
            case .word(.signature):
                try signer.append(key, rendering, body: request.body, isSpoiled: isSpoiled, to: &request.headers)
            case .word(let word): rendering.append(word, body: request.body, to: &request.headers)
            }
        }
    }
}
