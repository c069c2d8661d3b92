import PosthornModel
import PosthornText

/// Webio's body: the data with `"type":<type>` as its first member.
struct WebioEnvelope: TypeInsertingEnvelope {
    static let sampleType = "inboundMessage"
    static let insertion = TypeInsertion("type")

    init(_ settings: EndpointSettings, _ reader: CredentialReader) {}
}

/// Webio's token, the same in every request until a new one is asked for: `x-webio-token`.
struct WebioSignature: SignatureFormat {
    static let members = ["api_key", "secret", "organisation_id"]
    static let secretMembers = ["api_key", "secret"]
    static let rotatedMember: String? = "secret"
    static let keptMembers = [KeptMember.issuedAt, KeptMember.rotatedFrom]
    static func required(_ settings: EndpointSettings) -> [String] { members }

    private static let header = "x-webio-token"

    let constantHeaders: [(name: String, value: [UInt8])]

    init(_ settings: EndpointSettings, _ reader: CredentialReader, now: Timestamp) throws(InputProblem) {
        let issuedAt = try WebioToken.issuedAt(reader) ?? now.unixSeconds
        constantHeaders = [(Self.header, try WebioToken(reader).text(issuedAt: issuedAt))]
    }

    static let renewsWithoutSecret = true

    static func stamp(_ credentials: inout [String: JSONValue], at now: Timestamp) {
        credentials[KeptMember.issuedAt] = .number(String(now.unixSeconds))
    }

    /// Applying the same file again sends the same token.
    static func keep(of stored: [String: JSONValue], in credentials: inout [String: JSONValue]) {
        let isSame = members.allSatisfy { stored[$0] == credentials[$0] }
        if isSame, let issuedAt = stored[KeptMember.issuedAt] { credentials[KeptMember.issuedAt] = issuedAt }
    }

    /// The next token is made now, or a second after the last one if that was made just now, so that the two differ.
    static func renew(_ credentials: inout [String: JSONValue], at now: Timestamp) {
        var moment = now.unixSeconds
        if case .number(let text) = credentials[KeptMember.issuedAt], let last = Int64(text) { moment = max(moment, last + 1) }
        credentials[KeptMember.issuedAt] = .number(String(moment))
    }

    static func check(_ settings: EndpointSettings, _ reader: CredentialReader) throws(InputProblem) -> any SignatureCheck {
        Check(token: try WebioToken(reader))
    }

    private struct Check: SignatureCheck {
        let token: WebioToken

        func isGenuine(
            _ request: SignatureVerifier.Request,
            _ verifier: SignatureVerifier,
            _ now: Timestamp
        ) throws(InputProblem) -> Bool {
            try token.check(try request.header(header), field: header)
            return true
        }
    }
}

/// Webio's token: a JSON Web Token (RFC 7519) signed with HS256, made once and sent with every request.
struct WebioToken: Sendable {
    /// A secret has at least the hash's length (RFC 7518, section 3.2).
    static let secretByteMinimum = 32

    let apiKey: String
    let organisationID: String
    let key: HMACKey

    init(_ reader: CredentialReader) throws(InputProblem) {
        apiKey = try reader.required("api_key")
        organisationID = try reader.required("organisation_id")
        let secret = try reader.required("secret")
        guard secret.utf8.count >= Self.secretByteMinimum else {
            throw InputProblem(
                .outOfRange,
                field: CredentialReader.field("secret"),
                reason: "has \(secret.utf8.count) bytes; Webio's tokens need at least \(Self.secretByteMinimum)"
            )
        }
        key = try HMACKey(.sha256, key: Array(secret.utf8))
    }

    /// When the stored token was made; `nil` when none was yet.
    static func issuedAt(_ reader: CredentialReader) throws(InputProblem) -> Int64? {
        guard let value = reader[KeptMember.issuedAt] else { return nil }
        guard case .number(let text) = value, let seconds = Int64(text) else {
            throw InputProblem(field: CredentialReader.field(KeptMember.issuedAt), reason: "must be whole Unix seconds")
        }
        return seconds
    }

    /// The token: header, claims and signature, in the order and without the blanks that receivers know.
    func text(issuedAt: Int64) throws(InputProblem) -> [UInt8] {
        var claims: [UInt8] = []
        claims.append("{\"apiKey\":")
        claims.append(jsonString: apiKey)
        claims.append(",\"organisationId\":")
        claims.append(jsonString: organisationID)
        claims.append(",\"iat\":")
        claims.append(decimal: issuedAt)
        claims.append("}")
        var token: [UInt8] = []
        Array("{\"alg\":\"HS256\",\"typ\":\"JWT\"}".utf8).withUnsafeBufferPointer {
            Base64.append($0, .urlWithoutPadding, to: &token)
        }
        token.append(UInt8(ascii: "."))
        claims.withUnsafeBufferPointer { Base64.append($0, .urlWithoutPadding, to: &token) }
        let code = try key.code { $0.add(token) }
        token.append(UInt8(ascii: "."))
        code.withBytes { Base64.append($0, .urlWithoutPadding, to: &token) }
        return token
    }
}

extension WebioToken {
    /// Throws unless a token was signed with this secret for this key and organisation.
    ///
    /// Only HS256 counts: a token that names its own algorithm, `none` above all, proves nothing. Its age is not looked at,
    /// because a token is made once and sent until a new one is made.
    func check(_ token: String, field: String) throws(InputProblem) {
        let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.object(parts[0]), let claims = Self.object(parts[1]),
            let signature = Base64.decode(parts[2], .urlWithoutPadding)
        else { throw InputProblem(field: field, reason: "is not a JSON Web Token") }
        guard header["alg"] == .string("HS256") else { throw InputProblem(field: field, reason: "is not signed with HS256") }
        let code = try key.code(of: Array(parts[0]) + [UInt8(ascii: ".")] + Array(parts[1]))
        guard ConstantTime.equal(code, signature) else { throw InputProblem(.mismatch, field: field, reason: "does not match") }
        guard claims["apiKey"] == .string(apiKey), claims["organisationId"] == .string(organisationID) else {
            throw InputProblem(.mismatch, field: field, reason: "was made for another API key or organisation")
        }
    }

    private static func object(_ part: Substring.UTF8View) -> JSONValue? {
        Base64.decode(part, .urlWithoutPadding).flatMap { try? JSONValue.parse($0) }
    }
}
