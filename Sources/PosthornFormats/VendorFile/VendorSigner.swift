import PosthornModel
import PosthornText

/// Makes and checks one signature of a vendor's requests.
struct VendorSigner: Sendable {
    let signature: VendorDescription.Signature
    let keys: [VendorKey]
    /// Until when each of them signs; none where all sign on.
    private let ends: [Timestamp?]
    /// Whether it covers headers; found once, not for each request.
    let usesHeaders: Bool

    init(signature: VendorDescription.Signature, keys: [VendorKey], ends: [Timestamp?] = []) {
        self.signature = signature
        self.keys = keys
        self.ends = ends
        usesHeaders = signature.content.words.contains { if case .header = $0 { true } else { false } }
    }

    /// Whether the key of a number signs at a moment: one that a rotation replaced does for a time.
    func signs(_ number: Int, at moment: Timestamp) -> Bool {
        guard number < ends.count, let end = ends[number] else { return true }
        return end > moment
    }

    // MARK: Making

    /// Appends the signature's text.
    /// - Parameter isSpoiled: Whether it is to be wrong, and of the right form.
    func append(_ key: VendorKey, _ rendering: VendorRendering, body: [UInt8], isSpoiled: Bool, to out: inout [UInt8]) throws(InputProblem)
    {
        switch (signature.algorithm, key) {
        case (.hmac, .hmac(let hmac)):
            let code = try code(hmac, rendering, body: body, isSpoiled: isSpoiled, using: &out)
            code.withBytes { signature.encoding.append($0, to: &out) }
        case (.digest(let digest), .plain(let key)):
            var content = content(rendering, body: body, key: key)
            if isSpoiled { content.append(0) }
            signature.encoding.append(digest.digest(of: content), to: &out)
        case (.token, .plain(let key)): out.append(contentsOf: isSpoiled ? key.reversed() + [UInt8(ascii: "x")] : key)
        case (.basic, .plain(let key)): Base64.text(isSpoiled ? key + [UInt8(ascii: "x")] : key).utf8.forEach { out.append($0) }
        case (.jwt(let algorithm), _):
            var token = self.token(algorithm, rendering, body: body)
            let signed = isSpoiled ? token + [0] : token
            let bytes: [UInt8]
            switch key {
            case .hmac(let hmac): bytes = try hmac.code(of: signed)
            case .pair(let pair):
                let made = try pair.signature(of: signed, .sha256)
                bytes = algorithm == .es256 ? ECDSASignature.joined(der: made) ?? [] : made
            case .plain: bytes = []
            }
            token.append(UInt8(ascii: "."))
            BinaryText.base64url.append(bytes, to: &token)
            out.append(contentsOf: token)
        case (_, .pair(let pair)):
            var content = content(rendering, body: body)
            if isSpoiled { content.append(0) }
            signature.encoding.append(try pair.signature(of: content, digest), to: &out)
        default: break
        }
    }

    /// The hash function that a key pair signs with; `nil` for Ed25519.
    private var digest: DigestName? {
        switch signature.algorithm {
        case .rsa(let digest): return digest
        case .ecdsaP256: return .sha256
        default: return nil
        }
    }

    /// - Parameter scratch: Where words are written before they are signed, behind what it holds, so that none needs a buffer of its own.
    private func code(
        _ key: HMACKey,
        _ rendering: VendorRendering,
        body: [UInt8],
        isSpoiled: Bool,
        using scratch: inout [UInt8]
    ) throws(InputProblem) -> AuthenticationCode {
        let end = scratch.count
        return try key.code { message in
            for piece in signature.content.pieces {
                switch piece {
                case .literal(let bytes): message.add(bytes)
                case .word(.body): message.add(body)
                case .word(let word):
                    rendering.append(word, body: body, to: &scratch)
                    message.add(scratch[end...])
                    scratch.removeLast(scratch.count - end)
                }
            }
            if isSpoiled { message.add([0]) }
        }
    }

    private func content(_ rendering: VendorRendering, body: [UInt8], key: [UInt8] = []) -> [UInt8] {
        var content: [UInt8] = []
        rendering.append(signature.content, body: body, key: key, to: &content)
        return content
    }

    /// Header and claims of a JSON Web Token, as they are signed.
    private func token(_ algorithm: VendorAlgorithm.Token, _ rendering: VendorRendering, body: [UInt8]) -> [UInt8] {
        var header: [JSONValue.Member] = [.init("alg", .string(algorithm.rawValue.uppercased())), .init("typ", .string("JWT"))]
        for (name, template) in signature.tokenHeader {
            header.append(.init(name, .string(String(decoding: rendering.text(template, body: body), as: UTF8.self))))
        }
        let claims = signature.claims.map { JSONValue.Member($0.name, claim($0.value, rendering, body: body)) }
        var token: [UInt8] = []
        BinaryText.base64url.append(Array(JSONValue.object(header).text.utf8), to: &token)
        token.append(UInt8(ascii: "."))
        BinaryText.base64url.append(Array(JSONValue.object(claims).text.utf8), to: &token)
        return token
    }

    /// A moment in seconds or milliseconds is a number, as tokens have it.
    private func claim(_ claim: VendorDescription.Claim, _ rendering: VendorRendering, body: [UInt8]) -> JSONValue {
        switch claim {
        case .value(let value): return value
        case .text(let template):
            let text = String(decoding: rendering.text(template, body: body), as: UTF8.self)
            switch template.timeForm {
            case .seconds?, .milliseconds?: return .number(text)
            default: return .string(text)
            }
        }
    }

    // MARK: Checking

    /// Whether one of the keys has made this signature.
    func isGenuine(_ text: [UInt8], _ rendering: VendorRendering, body: [UInt8]) throws(InputProblem) -> Bool {
        for key in keys {
            switch (signature.algorithm, key) {
            case (.hmac, .hmac(let hmac)):
                guard let bytes = signature.encoding.decode(text) else { continue }
                var scratch: [UInt8] = []
                let code = try code(hmac, rendering, body: body, isSpoiled: false, using: &scratch)
                if code.withBytes({ ConstantTime.equal($0, bytes) }) { return true }
            case (.jwt(let algorithm), _): if try isGenuine(token: text, algorithm, key, rendering, body: body) { return true }
            case (_, .pair(let pair)):
                guard let bytes = signature.encoding.decode(text) else { continue }
                if pair.isValid(bytes, of: content(rendering, body: body), digest) { return true }
            default:
                var made: [UInt8] = []
                try append(key, rendering, body: body, isSpoiled: false, to: &made)
                if ConstantTime.equal(made, text) { return true }
            }
        }
        return false
    }

    /// Only the file's own algorithm counts: a token that names another one, `none` above all, proves nothing.
    private func isGenuine(
        token: [UInt8],
        _ algorithm: VendorAlgorithm.Token,
        _ key: VendorKey,
        _ rendering: VendorRendering,
        body: [UInt8]
    ) throws(InputProblem) -> Bool {
        let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.object(parts[0]), let claims = Self.object(parts[1]),
            let bytes = Base64.decode(parts[2], .urlWithoutPadding), header["alg"] == .string(algorithm.rawValue.uppercased())
        else { return false }
        let signed = Array(parts[0]) + [UInt8(ascii: ".")] + Array(parts[1])
        switch key {
        case .hmac(let hmac): if !ConstantTime.equal(try hmac.code(of: signed), bytes) { return false }
        case .pair(let pair):
            guard let der = algorithm == .es256 ? ECDSASignature.der(joined: bytes) : bytes, pair.isValid(der, of: signed, .sha256) else {
                return false
            }
        case .plain: return false
        }
        return signature.claims.allSatisfy { name, value in
            // The moment is the sender's, and is held against the clock elsewhere.
            if case .text(let template) = value, template.timeForm != nil { return claims[name] != nil }
            return claims[name] == claim(value, rendering, body: body)
        }
    }

    private static func object(_ part: ArraySlice<UInt8>) -> JSONValue? {
        Base64.decode(part, .urlWithoutPadding).flatMap { try? JSONValue.parse($0) }
    }

    /// The moments that a token names, by how they are written.
    func moments(inToken token: [UInt8]) -> [(form: VendorWord.TimeForm, text: [UInt8])] {
        let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard case .jwt = signature.algorithm, parts.count == 3, let claims = Self.object(parts[1]) else { return [] }
        return signature.claims.compactMap { name, value in
            guard case .text(let template) = value, let form = template.timeForm else { return nil }
            switch claims[name] {
            case .number(let text), .string(let text): return (form, Array(text.utf8))
            default: return nil
            }
        }
    }
}
