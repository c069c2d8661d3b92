import PosthornModel
import PosthornText

/// A text with placeholders: `{timestamp}.{body}`, `t={timestamp},v1={signature}`.
struct Template: Sendable {
    /// What can be filled in.
    enum Placeholder: String, CaseIterable, Sendable {
        /// The event's id.
        case id
        /// Unix seconds of the attempt.
        case timestamp
        /// The request's body.
        case body
        /// The encoded authentication code.
        case signature
    }

    /// A piece of the text.
    enum Piece: Sendable {
        case literal([UInt8])
        case placeholder(Placeholder)
    }

    let pieces: [Piece]

    /// Reads a template that may hold the `allowed` placeholders; a brace always starts or ends one.
    init(_ text: String, allowed: [Placeholder], field: String) throws(InputProblem) {
        var pieces: [Piece] = []
        var rest = text[...]
        while let brace = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            if brace > rest.startIndex { pieces.append(.literal(Array(rest[..<brace].utf8))) }
            guard rest[brace] == "{", let end = rest[brace...].firstIndex(of: "}"),
                let placeholder = Placeholder(rawValue: String(rest[rest.index(after: brace)..<end])), allowed.contains(placeholder)
            else {
                let names = allowed.map { "{\($0.rawValue)}" }.joined(separator: ", ")
                throw InputProblem(
                    .unknownWord,
                    field: field,
                    value: text,
                    reason: "holds a brace that is no place to fill; known are \(names)"
                )
            }
            pieces.append(.placeholder(placeholder))
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty { pieces.append(.literal(Array(rest.utf8))) }
        self.pieces = pieces
    }

    /// Whether a placeholder occurs.
    func holds(_ placeholder: Placeholder) -> Bool {
        pieces.contains { if case .placeholder(placeholder) = $0 { true } else { false } }
    }
}

/// The configurable HMAC signature: enough to write GitHub's, Stripe's, Shopify's or Slack's as configuration.
///
/// | member | meaning | default |
/// |---|---|---|
/// | `secret` | the key | |
/// | `secret_encoding` | `text`, `base64` or `hex`: how the key is written | `text` |
/// | `header` | the header that carries the signature | |
/// | `algorithm` | `sha1`, `sha256`, `sha512` | `sha256` |
/// | `encoding` | `hex` or `base64` | `hex` |
/// | `content` | what is signed, of `{id}`, `{timestamp}`, `{body}` | `{body}` |
/// | `prefix` | stands before the signature, such as `sha256=` | |
/// | `value` | instead of `prefix`: the whole value, of `{signature}`, `{timestamp}`, `{id}` | `{signature}` |
/// | `previous_value` | follows the value once for each replaced secret that signs on, such as `,v1={signature}` | |
/// | `timestamp_header` | a further header with the Unix seconds | |
/// | `id_header` | a further header with the event's id | |
struct HMACTemplate: Sendable {
    /// How a code becomes text.
    enum Encoding: String, CaseIterable, Sendable { case hex, base64 }
    /// How the key is written in the settings.
    enum SecretEncoding: String, CaseIterable, Sendable { case text, hex, base64 }

    static let members = [
        "secret", "secret_encoding", "header", "algorithm", "encoding", "content", "prefix", "value", "previous_value",
        "timestamp_header", "id_header",
    ]

    let key: HMACKey
    let header: String
    let encoding: Encoding
    let content: Template
    let value: Template
    /// What follows it for each of ``previous``; `nil` where the receiver takes one signature alone.
    let previousValue: Template?
    /// Replaced secrets that sign until their grace period ends.
    let previous: [Previous]
    let timestampHeader: String?
    let idHeader: String?

    /// A replaced secret and the end of its grace period.
    struct Previous: Sendable {
        let key: HMACKey
        let validUntil: Timestamp
    }

    init(_ reader: CredentialReader, _ settings: EndpointSettings) throws(InputProblem) {
        let algorithm = try Self.choice("algorithm", HashAlgorithm.self, reader) ?? .sha256
        let secretEncoding = try Self.choice("secret_encoding", SecretEncoding.self, reader) ?? .text
        key = try HMACKey(algorithm, key: try Self.secret(try reader.required("secret"), secretEncoding))
        previousValue = try Self.previousValue(reader)
        previous = try PreviousSecret.list(reader[KeptMember.previousSecrets]).map { (secret) throws(InputProblem) in
            Previous(key: try HMACKey(algorithm, key: try Self.secret(secret.text, secretEncoding)), validUntil: secret.validUntil)
        }
        encoding = try Self.choice("encoding", Encoding.self, reader) ?? .hex
        header = try reader.required("header")
        timestampHeader = try reader.optional("timestamp_header")
        idHeader = try reader.optional("id_header")
        for (member, name) in [("header", header), ("timestamp_header", timestampHeader), ("id_header", idHeader)] {
            if let name { try HeaderRules.check(name: name, value: "", field: CredentialReader.field(member)) }
        }
        let names = [header, timestampHeader, idHeader].compactMap { $0?.lowercased() }
        guard Set(names).count == names.count else {
            throw InputProblem(.conflict, field: CredentialReader.field("header"), value: header, reason: "is named for two purposes")
        }
        content = try Template(
            try reader.optional("content") ?? "{body}",
            allowed: [.id, .timestamp, .body],
            field: CredentialReader.field("content")
        )
        value = try Self.value(reader)
        try checkThatReceiversCanVerify(settings)
    }

    /// The key that a secret's text stands for.
    static func secret(_ text: String, _ encoding: SecretEncoding) throws(InputProblem) -> [UInt8] {
        let bytes: [UInt8]?
        switch encoding {
        case .text: bytes = Array(text.utf8)
        case .hex: bytes = Hex.decode(text.utf8)
        case .base64: bytes = Base64.decode(text.utf8)
        }
        guard let bytes, !bytes.isEmpty else {
            throw InputProblem(field: CredentialReader.field("secret"), reason: "is not \(encoding.rawValue)")
        }
        return bytes
    }

    private static func value(_ reader: CredentialReader) throws(InputProblem) -> Template {
        let field = CredentialReader.field("value")
        let prefix = try reader.optional("prefix")
        let text = try reader.optional("value")
        if prefix != nil, text != nil {
            throw InputProblem(.incompatible, field: field, reason: "cannot be combined with prefix; give one of them")
        }
        if let prefix {
            try CredentialReader.checkHeaderValue(prefix, "prefix")
            if prefix.contains(where: { "{}".contains($0) }) {
                throw InputProblem(
                    field: CredentialReader.field("prefix"),
                    value: prefix,
                    reason: "holds a brace; use value for places to fill"
                )
            }
        }
        let template = text ?? (prefix ?? "") + "{signature}"
        try CredentialReader.checkHeaderValue(template, "value")
        let value = try Template(template, allowed: [.signature, .timestamp, .id], field: field)
        if !value.holds(.signature) { throw InputProblem(field: field, value: template, reason: "lacks {signature}") }
        return value
    }

    private static func previousValue(_ reader: CredentialReader) throws(InputProblem) -> Template? {
        guard let text = try reader.optional("previous_value") else { return nil }
        let field = CredentialReader.field("previous_value")
        try HeaderRules.check(value: text, field: field)
        let template = try Template(text, allowed: [.signature, .timestamp, .id], field: field)
        // Without something in front nobody could tell where the signature before it ends.
        guard template.holds(.signature), case .literal? = template.pieces.first else {
            throw InputProblem(
                field: field,
                value: text,
                reason: "must begin with a separator and hold {signature}, such as \",v1={signature}\""
            )
        }
        return template
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String,
        _ type: Choice.Type,
        _ reader: CredentialReader
    ) throws(InputProblem) -> Choice? where Choice.RawValue == String {
        guard let text = try reader.optional(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let reason = Suggestion.refusal(of: text, among: Choice.allCases.map(\.rawValue))
            throw InputProblem(.unknownWord, field: CredentialReader.field(name), value: text, reason: reason)
        }
        return choice
    }

    /// A signature over something that the receiver never learns is a signature nobody can check.
    private func checkThatReceiversCanVerify(_ settings: EndpointSettings) throws(InputProblem) {
        let field = CredentialReader.field("content")
        guard content.holds(.body) || content.holds(.id) || content.holds(.timestamp) else {
            throw InputProblem(.incompatible, field: field, reason: "is the same for every request; use {body}, {timestamp} or {id}")
        }
        if content.holds(.timestamp), !value.holds(.timestamp), timestampHeader == nil {
            throw InputProblem(
                .incompatible,
                field: field,
                reason: "signs {timestamp}, which the receiver does not get; name a timestamp_header"
            )
        }
        if content.holds(.id), !value.holds(.id), idHeader == nil, settings.envelope != .weseedo {
            throw InputProblem(.incompatible, field: field, reason: "signs {id}, which the receiver does not get; name an id_header")
        }
        if content.holds(.body), settings.method == .get {
            throw InputProblem(.incompatible, field: field, reason: "signs {body}, which a GET does not have")
        }
    }

    /// Appends the header lines, each with a line break in front.
    func write(id: [UInt8], at now: Timestamp, into request: inout OutboundRequest) throws(InputProblem) {
        var timestamp: [UInt8] = []
        timestamp.append(decimal: now.unixSeconds)
        func start(_ name: String) {
            request.headers.append("\r\n")
            request.headers.append(contentsOf: name.utf8)
            request.headers.append(": ")
        }
        if let idHeader {
            start(idHeader)
            request.headers.append(contentsOf: id)
        }
        if let timestampHeader {
            start(timestampHeader)
            request.headers.append(contentsOf: timestamp)
        }
        start(header)
        try write(value, key, id: id, timestamp: timestamp, into: &request)
        guard let previousValue else { return }
        for secret in previous where secret.validUntil > now {
            try write(previousValue, secret.key, id: id, timestamp: timestamp, into: &request)
        }
    }

    /// Appends a filled template.
    private func write(
        _ template: Template,
        _ key: HMACKey,
        id: [UInt8],
        timestamp: [UInt8],
        into request: inout OutboundRequest
    ) throws(InputProblem) {
        let code = try code(key, id: id, timestamp: timestamp, body: request.body)
        for piece in template.pieces {
            switch piece {
            case .literal(let bytes): request.headers.append(contentsOf: bytes)
            case .placeholder(.id): request.headers.append(contentsOf: id)
            case .placeholder(.timestamp): request.headers.append(contentsOf: timestamp)
            case .placeholder(.body): break
            case .placeholder(.signature): code.withBytes { append($0, to: &request.headers) }
            }
        }
    }

    /// The authentication code of the filled content.
    func code(_ key: HMACKey, id: [UInt8], timestamp: [UInt8], body: [UInt8]) throws(InputProblem) -> AuthenticationCode {
        try key.code { message in
            for piece in content.pieces {
                switch piece {
                case .literal(let bytes): message.add(bytes)
                case .placeholder(.id): message.add(id)
                case .placeholder(.timestamp): message.add(timestamp)
                case .placeholder(.body): message.add(body)
                case .placeholder(.signature): break
                }
            }
        }
    }

    private func append(_ code: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
        switch encoding {
        case .hex: Hex.append(code, to: &out)
        case .base64: Base64.append(code, to: &out)
        }
    }
}
