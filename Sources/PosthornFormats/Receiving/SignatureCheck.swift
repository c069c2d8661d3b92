import PosthornModel
import PosthornText

extension SignatureVerifier {
    /// The credentials of a signature, ready to check with.
    enum Check: Sendable {
        case none
        case diio(HMACKey)
        case conferenceToken([UInt8])
        case webio(WebioToken)
        case voiso(key: [UInt8]?, authorization: [UInt8]?)
        case standard([StandardVerifyingKey])
        case hmac(HMACTemplate)

        init(_ settings: EndpointSettings) throws(InputProblem) {
            let reader = try CredentialReader(settings)
            switch settings.signature {
            case .none: self = .none
            case .diio: self = .diio(try HMACKey(.sha256, key: Array(try reader.required("signing_secret").utf8)))
            case .conferenceToken: self = .conferenceToken(Array(try reader.required("token").utf8))
            case .webioJWT: self = .webio(try WebioToken(reader))
            case .voisoKey:
                let signer = try Signer(settings, reader, now: Timestamp(milliseconds: 0))
                let key = try reader.optional("key").map { Array($0.utf8) }
                self = .voiso(key: settings.method == .post ? key : nil, authorization: signer.constantHeaders.first?.value)
            case .standardWebhooks: self = .standard(try StandardVerifyingKey.all(reader))
            case .hmac: self = .hmac(try HMACTemplate(reader, settings))
            }
        }

        /// `true` when the signature fits, `false` when there is nothing to check; throws when it does not fit.
        func isGenuine(_ request: Request, _ verifier: SignatureVerifier, _ now: Timestamp) throws(InputProblem) -> Bool {
            switch self {
            case .none: return false
            case .diio(let key): try Self.checkDiio(key, request, verifier, now)
            case .conferenceToken(let token):
                try Self.demand(ConstantTime.equal(try request.header("x-signing-token").utf8, token), "x-signing-token")
            case .webio(let token): try token.check(try request.header("x-webio-token"))
            case .voiso(let key, let authorization):
                if key == nil, authorization == nil { return false }
                try Self.checkVoiso(key, authorization, request)
            case .standard(let keys): try Self.checkStandard(keys, request, verifier, now)
            case .hmac(let template): try template.check(request, verifier, now)
            }
            return true
        }

        /// Throws unless `fits`.
        static func demand(_ fits: Bool, _ field: String) throws(InputProblem) {
            if !fits { throw InputProblem(.mismatch, field: field, reason: "does not match") }
        }

        private static func checkDiio(
            _ key: HMACKey,
            _ request: Request,
            _ verifier: SignatureVerifier,
            _ now: Timestamp
        ) throws(InputProblem) {
            let timestamp = try request.header("DO-Timestamp")
            let signature = try request.header("DO-Signature")
            let received = try EnvelopeReader.read(
                verifier.settings.envelope,
                method: request.method,
                query: request.query,
                headers: request.headers,
                body: request.body
            )
            var id = ""
            try received.data.withBytes { (data) throws(InputProblem) in id = try Signer.diioObjectID(data) }
            let code = try key.code(of: Array("\(id)-\(timestamp)".utf8))
            try demand(ConstantTime.equal(Hex.text(code).utf8, signature.utf8), "DO-Signature")
            try verifier.checkTimestamp(timestamp, name: "DO-Timestamp", now: now)
        }

        private static func checkVoiso(_ key: [UInt8]?, _ authorization: [UInt8]?, _ request: Request) throws(InputProblem) {
            if let key {
                let body: JSONValue
                do throws(JSONProblem) { body = try JSONValue.parse(request.body) } catch {
                    throw InputProblem(field: "body", reason: "is \(error)")
                }
                guard case .string(let sent) = body["key"] else {
                    throw InputProblem(.missing, field: "key", reason: "is missing in the body")
                }
                try demand(ConstantTime.equal(sent.utf8, key), "key")
            }
            if let authorization {
                try demand(ConstantTime.equal(try request.header("authorization").utf8, authorization), "authorization")
            }
        }

        private static func checkStandard(
            _ keys: [StandardVerifyingKey],
            _ request: Request,
            _ verifier: SignatureVerifier,
            _ now: Timestamp
        ) throws(InputProblem) {
            let timestamp = try request.header("webhook-timestamp")
            let message = Array("\(try request.header("webhook-id")).\(timestamp).".utf8) + request.body
            let signatures = try request.header("webhook-signature").split(separator: " ")
            var fits = false
            for key in keys where key.validUntil.map({ $0 > now }) ?? true {
                for signature in signatures where try key.isValid(String(signature), of: message) { fits = true }
            }
            try demand(fits, "webhook-signature")
            try verifier.checkTimestamp(timestamp, name: "webhook-timestamp", now: now)
        }
    }
}

/// A key that Standard Webhooks' signatures are checked with.
struct StandardVerifyingKey: Sendable {
    private enum Key: Sendable {
        case symmetric(HMACKey)
        case publicKey([UInt8])
    }

    private let key: Key
    /// The end of the grace period of a secret that was replaced; `nil` for the current one.
    let validUntil: Timestamp?

    /// The current secret's key and those of secrets in their grace period.
    static func all(_ reader: CredentialReader) throws(InputProblem) -> [StandardVerifyingKey] {
        let text = try reader.required("secret")
        if text.hasPrefix(StandardSecret.publicPrefix) {
            guard let key = Base64.decode(text.utf8.dropFirst(StandardSecret.publicPrefix.utf8.count)),
                key.count == Ed25519PrivateKey.keyByteCount
            else { throw InputProblem(field: CredentialReader.field("secret"), reason: "is not 32 bytes in base64 after whpk_") }
            return [StandardVerifyingKey(key: .publicKey(key), validUntil: nil)]
        }
        return try StandardSigner(reader).entries.map { entry in
            switch entry.secret {
            case .symmetric(let key): return StandardVerifyingKey(key: .symmetric(key), validUntil: entry.validUntil)
            case .asymmetric(let key): return StandardVerifyingKey(key: .publicKey(key.publicKey), validUntil: entry.validUntil)
            }
        }
    }

    /// Whether one `version,base64` signature is this key's.
    func isValid(_ signature: String, of message: [UInt8]) throws(InputProblem) -> Bool {
        switch key {
        case .symmetric(let key):
            guard signature.hasPrefix("v1,"), let bytes = Base64.decode(signature.utf8.dropFirst(3)) else { return false }
            return ConstantTime.equal(bytes, try key.code(of: message))
        case .publicKey(let key):
            guard signature.hasPrefix("v1a,"), let bytes = Base64.decode(signature.utf8.dropFirst(4)) else { return false }
            return Ed25519.isValid(bytes, of: message, publicKey: key)
        }
    }
}

extension WebioToken {
    /// Throws unless a token was signed with this secret for this key and organisation.
    ///
    /// Only HS256 counts: a token that names its own algorithm, `none` above all, proves nothing. Its age is not looked at,
    /// because a token is made once and sent until a new one is made.
    func check(_ token: String) throws(InputProblem) {
        let field = "x-webio-token"
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

extension HMACTemplate {
    /// Throws unless a request carries this template's signature.
    func check(_ request: SignatureVerifier.Request, _ verifier: SignatureVerifier, _ now: Timestamp) throws(InputProblem) {
        guard let found = places(of: Array(try request.header(header).utf8)) else {
            throw InputProblem(field: header, reason: "does not have the expected form")
        }
        func first(_ place: Template.Place) -> [UInt8]? { found.first { $0.place == place }?.bytes }
        var timestamp = first(.timestamp)
        if timestamp == nil, let timestampHeader { timestamp = Array(try request.header(timestampHeader).utf8) }
        var id = first(.id)
        if id == nil, let idHeader { id = Array(try request.header(idHeader).utf8) }
        if id == nil, content.holds(.id), verifier.settings.envelope == .weseedo {
            let received = try EnvelopeReader.read(
                .weseedo,
                method: request.method,
                query: request.query,
                headers: request.headers,
                body: request.body
            )
            id = received.id.map { Array($0.utf8) }
        }
        let sent = found.filter { $0.place == .signature }.compactMap { encoding == .hex ? Hex.decode($0.bytes) : Base64.decode($0.bytes) }
        var fits = false
        for key in [key] + previous.filter({ $0.validUntil > now }).map(\.key) {
            let code = try code(key, id: id ?? [], timestamp: timestamp ?? [], body: request.body).withBytes { Array($0) }
            for signature in sent where ConstantTime.equal(code, signature) { fits = true }
        }
        guard fits else { throw InputProblem(.mismatch, field: header, reason: "does not match") }
        if content.holds(.timestamp), let timestamp {
            try verifier.checkTimestamp(String(decoding: timestamp, as: UTF8.self), name: timestampHeader ?? header, now: now)
        }
    }
}

extension HMACTemplate {
    /// What fills the places of a header's value: that of one signature, or of one and those of replaced secrets behind it.
    fileprivate func places(of text: [UInt8]) -> [(place: Template.Place, bytes: [UInt8])]? {
        // The most first: a signature at the end of a template takes in whatever follows.
        let most = previousValue == nil ? 0 : Credentials.previousSecretLimit
        return (0...most).reversed().lazy.compactMap { count in
            let others = Array(repeating: previousValue?.pieces ?? [], count: count).joined()
            return Template.match(value.pieces + others, text)
        }.first
    }
}

extension Template {
    /// What fills the places of a text; `nil` when its literals do not fit. A place ends where the next literal starts for the
    /// first time.
    static func match(_ pieces: [Piece], _ text: [UInt8]) -> [(place: Place, bytes: [UInt8])]? {
        var found: [(place: Place, bytes: [UInt8])] = []
        var rest = text[...]
        for (i, piece) in pieces.enumerated() {
            switch piece {
            case .literal(let bytes):
                guard rest.starts(with: bytes) else { return nil }
                rest = rest.dropFirst(bytes.count)
            case .place(let place):
                var end = rest.endIndex
                if i + 1 < pieces.count, case .literal(let next) = pieces[i + 1] {
                    guard let start = rest.indices.first(where: { rest[$0...].starts(with: next) }) else { return nil }
                    end = start
                }
                found.append((place, Array(rest[..<end])))
                rest = rest[end...]
            }
        }
        return rest.isEmpty ? found : nil
    }
}
