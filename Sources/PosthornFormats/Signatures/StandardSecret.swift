import PosthornModel
import PosthornText

/// A signing secret in the form that the Standard Webhooks specification gives it.
enum StandardSecret: Sendable {
    /// `whsec_` and 24 to 64 bytes in base64: HMAC-SHA256, signatures `v1,…`.
    case symmetric(HMACKey)
    /// `whsk_` and an ed25519 private key in base64: signatures `v1a,…`.
    case asymmetric(Ed25519PrivateKey)

    /// Bytes that a symmetric secret may have, from the specification.
    static let symmetricByteCounts = 24...64
    static let symmetricPrefix = "whsec_"
    static let privatePrefix = "whsk_"
    static let publicPrefix = "whpk_"

    /// Reads a secret; `field` is where it stands.
    init(_ text: String, field: String) throws(InputProblem) {
        if text.hasPrefix(Self.symmetricPrefix) {
            guard let key = Base64.decode(text.utf8.dropFirst(Self.symmetricPrefix.utf8.count)) else {
                throw InputProblem(field: field, reason: "is not base64 after whsec_")
            }
            guard Self.symmetricByteCounts.contains(key.count) else {
                throw InputProblem(.outOfRange, field: field, reason: "has \(key.count) bytes; Standard Webhooks wants 24 to 64")
            }
            self = .symmetric(try HMACKey(.sha256, key: key))
        } else if text.hasPrefix(Self.privatePrefix) {
            guard let bytes = Base64.decode(text.utf8.dropFirst(Self.privatePrefix.utf8.count)) else {
                throw InputProblem(field: field, reason: "is not base64 after whsk_")
            }
            self = .asymmetric(try Self.privateKey(bytes, field: field))
        } else if text.hasPrefix(Self.publicPrefix) {
            throw InputProblem(
                .incompatible,
                field: field,
                reason: "is a public key (whpk_), which cannot sign; give the private one (whsk_)"
            )
        } else {
            throw InputProblem(field: field, reason: "must start with whsec_ (HMAC) or whsk_ (ed25519)")
        }
    }

    /// Libraries write a private key as its 32-byte seed, or as the seed followed by the public key.
    private static func privateKey(_ bytes: [UInt8], field: String) throws(InputProblem) -> Ed25519PrivateKey {
        let seedCount = Ed25519PrivateKey.keyByteCount
        guard bytes.count == seedCount || bytes.count == 2 * seedCount,
            let key = Ed25519PrivateKey(seed: Array(bytes.prefix(seedCount)))
        else {
            throw InputProblem(
                .outOfRange,
                field: field,
                reason: "has \(bytes.count) bytes; an ed25519 key has 32, or 64 with its public key"
            )
        }
        guard bytes.count == seedCount || Array(bytes.suffix(seedCount)) == key.publicKey else {
            throw InputProblem(.mismatch, field: field, reason: "holds a public key that does not belong to its private key")
        }
        return key
    }

    /// The public key of a `whsk_` secret in its `whpk_` form.
    static func publicText(_ key: Ed25519PrivateKey) -> String { publicPrefix + Base64.text(key.publicKey) }
}

/// Signs as Standard Webhooks does: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
struct StandardSigner: Sendable {
    /// A secret and the end of its grace period; `nil` for the current one.
    struct Entry: Sendable {
        let secret: StandardSecret
        let validUntil: Timestamp?
    }

    let entries: [Entry]

    init(_ reader: CredentialReader) throws(InputProblem) {
        var entries = [
            Entry(secret: try StandardSecret(try reader.required("secret"), field: CredentialReader.field("secret")), validUntil: nil)
        ]
        for (i, previous) in try PreviousSecret.list(reader[KeptMember.previousSecrets]).enumerated() {
            let field = "\(CredentialReader.field(KeptMember.previousSecrets))[\(i)]"
            entries.append(Entry(secret: try StandardSecret(previous.text, field: field), validUntil: previous.validUntil))
        }
        self.entries = entries
    }

    /// Appends the three header lines, each with a line break in front.
    func write(id text: String, at now: Timestamp, into request: inout OutboundRequest) throws(InputProblem) {
        request.headers.append("\r\nwebhook-id: ")
        let idStart = request.headers.count
        request.headers.append(contentsOf: text.utf8)
        let id = idStart..<request.headers.count
        request.headers.append("\r\nwebhook-timestamp: ")
        let timestampStart = request.headers.count
        request.headers.append(decimal: now.unixSeconds)
        let timestamp = timestampStart..<request.headers.count
        request.headers.append("\r\nwebhook-signature:")
        for entry in entries where entry.validUntil.map({ $0 > now }) ?? true {
            try append(entry.secret, id: id, timestamp: timestamp, to: &request)
        }
    }

    private func append(
        _ secret: StandardSecret,
        id: Range<Int>,
        timestamp: Range<Int>,
        to request: inout OutboundRequest
    ) throws(InputProblem) {
        switch secret {
        case .symmetric(let key):
            // Through one view of the headers: each slice would count a reference up and down.
            let code = try key.code { message in
                request.headers.withUnsafeBufferPointer { headers in
                    message.add(UnsafeBufferPointer(rebasing: headers[id]))
                    message.add(Self.dot)
                    message.add(UnsafeBufferPointer(rebasing: headers[timestamp]))
                    message.add(Self.dot)
                }
                message.add(request.body)
            }
            request.headers.append(" v1,")
            code.withBytes { Base64.append($0, to: &request.headers) }
        case .asymmetric(let key):
            let message = request.headers[id] + Self.dot + request.headers[timestamp] + Self.dot + request.body
            let signature = try key.signature(of: Array(message))
            request.headers.append(" v1a,")
            signature.withUnsafeBufferPointer { Base64.append($0, to: &request.headers) }
        }
    }

    private static let dot: [UInt8] = [UInt8(ascii: ".")]
}

/// A secret that a rotation replaced and that signs until its grace period ends.
struct PreviousSecret {
    let text: String
    let validUntil: Timestamp

    /// Reads the kept list.
    static func list(_ value: JSONValue?) throws(InputProblem) -> [PreviousSecret] {
        guard let value else { return [] }
        guard case .array(let elements) = value else { throw damaged }
        return try elements.map { (element) throws(InputProblem) in
            guard case .string(let text) = element["secret"], case .string(let moment) = element["valid_until"],
                let validUntil = Timestamp(iso8601: moment)
            else { throw damaged }
            return PreviousSecret(text: text, validUntil: validUntil)
        }
    }

    /// The form that is stored.
    var value: JSONValue {
        .object([.init("secret", .string(text)), .init("valid_until", .string(validUntil.description))])
    }

    private static var damaged: InputProblem {
        InputProblem(
            field: CredentialReader.field(KeptMember.previousSecrets),
            reason: "must be a list of objects with secret and valid_until; rotate the secret to make it again"
        )
    }
}
