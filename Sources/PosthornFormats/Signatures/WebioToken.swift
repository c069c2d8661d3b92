import PosthornText
import PosthornModel

/// Webio's token: a JSON Web Token (RFC 7519) signed with HS256, made once and sent with every request.
struct WebioToken {
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
