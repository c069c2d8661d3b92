import PosthornModel
import PosthornText

/// The signature of an endpoint, with its credentials.
struct Signer: Sendable {
    private let scheme: Scheme
    /// Headers that are the same in every request.
    let constantHeaders: [(name: String, value: [UInt8])]

    private enum Scheme: Sendable {
        /// Nothing, or constant headers only.
        case constant
        case diio(HMACKey)
        case standard(StandardSigner)
        case hmac(HMACTemplate)
    }

    init(_ settings: EndpointSettings, _ reader: CredentialReader, now: Timestamp) throws(InputProblem) {
        var constant: [(name: String, value: [UInt8])] = []
        switch settings.signature {
        case .none: scheme = .constant
        case .diio: scheme = .diio(try HMACKey(.sha256, key: Array(try reader.required("signing_secret").utf8)))
        case .conferenceToken:
            scheme = .constant
            constant = [("x-signing-token", Array(try reader.requiredHeaderValue("token").utf8))]
        case .webioJWT:
            scheme = .constant
            let issuedAt = try WebioToken.issuedAt(reader) ?? now.unixSeconds
            constant = [("x-webio-token", try WebioToken(reader).text(issuedAt: issuedAt))]
        case .voisoKey:
            scheme = .constant
            constant = try Self.voisoHeaders(settings, reader)
        case .standardWebhooks:
            if settings.method == .get {
                throw InputProblem(
                    .incompatible,
                    field: "signature",
                    value: settings.signature.rawValue,
                    reason: "signs the body, which a GET does not have"
                )
            }
            scheme = .standard(try StandardSigner(reader))
        case .hmac: scheme = .hmac(try HMACTemplate(reader, settings))
        }
        constantHeaders = constant
    }

    private static func voisoHeaders(
        _ settings: EndpointSettings,
        _ reader: CredentialReader
    ) throws(InputProblem) -> [(name: String, value: [UInt8])] {
        guard settings.envelope == .voiso else {
            throw InputProblem(
                .incompatible,
                field: "signature",
                value: settings.signature.rawValue,
                reason: "puts its key into the body of envelope voiso; it cannot stand in envelope \(settings.envelope.rawValue)"
            )
        }
        // A GET has no body for the key, so there it may be left out.
        if settings.method == .post { _ = try reader.required("key") } else { _ = try reader.optional("key") }
        let prefix = try reader.optional("authorization_prefix")
        guard try reader.optional("authorization_token") != nil else {
            if prefix == nil { return [] }
            throw InputProblem(
                .incompatible,
                field: CredentialReader.field("authorization_prefix"),
                reason: "needs authorization_token; give both or neither"
            )
        }
        let token = try reader.requiredHeaderValue("authorization_token")
        if let prefix { try CredentialReader.checkHeaderValue(prefix, "authorization_prefix") }
        let scheme = prefix ?? defaultAuthorizationPrefix
        return [("Authorization", Array((scheme.isEmpty ? token : "\(scheme) \(token)").utf8))]
    }

    /// RFC 6750's word; an empty prefix sends the token alone.
    static let defaultAuthorizationPrefix = "Bearer"

    /// The headers that this signature writes.
    var headerNames: [String] {
        let constant = constantHeaders.map(\.name)
        switch scheme {
        case .constant: return constant
        case .diio: return ["DO-Timestamp", "DO-Signature"]
        case .standard: return ["webhook-id", "webhook-timestamp", "webhook-signature"]
        case .hmac(let template): return [template.header, template.timestampHeader, template.idHeader].compactMap { $0 }
        }
    }

    /// Whether some valid events cannot be signed.
    var needsCheck: Bool { if case .diio = scheme { true } else { false } }

    /// Throws when the data lacks what is signed.
    func check(data: UnsafeBufferPointer<UInt8>) throws(InputProblem) {
        if case .diio = scheme { _ = try Self.diioObjectID(data) }
    }

    /// Appends the header lines that change with every request, each with a line break in front. The body is written already.
    func write(
        _ event: Event,
        data: UnsafeBufferPointer<UInt8>,
        at now: Timestamp,
        into request: inout OutboundRequest
    ) throws(InputProblem) {
        switch scheme {
        case .constant: return
        case .diio(let key): try Self.writeDiio(key, data, now, &request)
        case .standard(let signer):
            try Self.checkHeaderSafe(event.id)
            try signer.write(id: event.id, at: now, into: &request)
        case .hmac(let template):
            try Self.checkHeaderSafe(event.id)
            try template.write(id: Array(event.id.utf8), at: now, into: &request)
        }
    }

    /// Every id that the outbox accepts is safe; this is the last door before the wire.
    private static func checkHeaderSafe(_ id: String) throws(InputProblem) {
        var id = id
        // Over the bytes themselves: the string's own iterator costs ten times as much.
        let isSafe = id.withUTF8 { bytes in bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F } }
        if !isSafe {
            throw InputProblem(.incompatible, field: "id", value: id, reason: "cannot stand in a header")
        }
    }

    private static func writeDiio(
        _ key: HMACKey,
        _ data: UnsafeBufferPointer<UInt8>,
        _ now: Timestamp,
        _ request: inout OutboundRequest
    ) throws(InputProblem) {
        let id = try diioObjectID(data)
        request.headers.append("\r\nDO-Timestamp: ")
        let timestamp = request.headers.count
        request.headers.append(decimal: now.unixSeconds)
        let code = try key.code { message in
            var id = id
            id.withUTF8 { message.add($0) }
            message.add([UInt8(ascii: "-")])
            message.add(request.headers[timestamp...])
        }
        request.headers.append("\r\nDO-Signature: ")
        code.withBytes { Hex.append($0, to: &request.headers) }
    }

    /// The object's id, which diio's signature covers.
    static func diioObjectID(_ data: UnsafeBufferPointer<UInt8>) throws(InputProblem) -> String {
        guard var members = ObjectMembers(data), let place = members.value(of: "id"), let id = members.string(at: place) else {
            throw InputProblem(.incompatible, field: "data.id", reason: "must be a string, since diio's signature covers the object's id")
        }
        return id
    }
}
