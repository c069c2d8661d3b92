import CPosthornCrypto
public import PosthornModel

/// Seals credentials for storage with AES-256-GCM (NIST SP 800-38D).
///
/// The sealed text is `v1:` and, in base64, a random 96-bit nonce, the ciphertext and the 128-bit tag. The context, such
/// as the endpoint's id, is bound to it, so that a sealed text copied to another row does not open there.
/// With random nonces one key is good for 2^32 texts.
public struct SecretBox: Sendable, Equatable {
    private let key: [UInt8]
    private static let keyByteCount = 32
    private static let nonceByteCount = 12
    private static let tagByteCount = 16
    private static let version = "v1:"

    /// A box with a key of 32 bytes.
    public init(key: [UInt8]) throws(InputProblem) {
        guard key.count == Self.keyByteCount else {
            throw InputProblem(.outOfRange, field: "key", reason: "has \(key.count) bytes; AES-256 needs 32")
        }
        self.key = key
    }

    /// Reads a key: 64 hexadecimal characters, or 32 bytes in base64. Blanks and line breaks around it do not count.
    public static func key(fromText text: String) throws(InputProblem) -> [UInt8] {
        let characters = text.utf8.filter { $0 > 0x20 }
        if characters.count == 2 * keyByteCount, let key = Hex.decode(characters) { return key }
        if let key = Base64.decode(characters) ?? Base64.decode(characters, .urlWithoutPadding), key.count == keyByteCount {
            return key
        }
        throw InputProblem(
            field: "key",
            reason: "must be 64 hexadecimal characters or 32 bytes in base64; make one with: openssl rand -hex 32"
        )
    }

    /// Whether a stored text was made by ``seal(_:context:)``.
    public static func isSealed(_ text: String) -> Bool { text.hasPrefix(version) }

    /// The sealed form of a plaintext.
    public func seal(_ plaintext: [UInt8], context: String) throws(InputProblem) -> String {
        let nonce = SecureRandom.bytes(Self.nonceByteCount)
        let sealed = try seal(plaintext, context: Array(context.utf8), nonce: nonce)
        return Self.version + Base64.text(nonce + sealed)
    }

    /// The plaintext of a sealed text.
    ///
    /// - Throws: That the text is damaged, or that key or context are not those it was sealed with. Which of the
    ///   two cannot be told.
    public func open(_ text: String, context: String) throws(InputProblem) -> [UInt8] {
        guard text.hasPrefix(Self.version) else {
            throw InputProblem(field: "credentials", reason: "are not sealed in a form that this version knows (\(Self.version)…)")
        }
        guard let bytes = Base64.decode(text.utf8.dropFirst(Self.version.utf8.count)),
            bytes.count >= Self.nonceByteCount + Self.tagByteCount
        else { throw InputProblem(field: "credentials", reason: "are sealed in a text that is cut off or damaged") }
        let nonce = Array(bytes.prefix(Self.nonceByteCount))
        guard let plaintext = try open(bytes.dropFirst(Self.nonceByteCount), context: Array(context.utf8), nonce: nonce) else {
            throw InputProblem(
                .mismatch,
                field: "credentials",
                reason: "do not open with this key",
                remedy: .giveKey
            )
        }
        return plaintext
    }

    /// Ciphertext and tag for a nonce that is never used twice.
    func seal(_ plaintext: [UInt8], context: [UInt8], nonce: [UInt8]) throws(InputProblem) -> [UInt8] {
        guard let cipher = EVP_CIPHER_CTX_new() else { throw Libcrypto.failed("AES-256-GCM") }
        defer { EVP_CIPHER_CTX_free(cipher) }
        var out = [UInt8](repeating: 0, count: plaintext.count + Self.tagByteCount)
        var length: Int32 = 0
        let isSealed = out.withUnsafeMutableBufferPointer { out in
            EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1
                && EVP_EncryptUpdate(cipher, nil, &length, context, Int32(context.count)) == 1
                && EVP_EncryptUpdate(cipher, out.baseAddress, &length, plaintext, Int32(plaintext.count)) == 1
                && EVP_EncryptFinal_ex(cipher, out.baseAddress.map { $0 + plaintext.count }, &length) == 1
                && EVP_CIPHER_CTX_ctrl(
                    cipher,
                    EVP_CTRL_AEAD_GET_TAG,
                    Int32(Self.tagByteCount),
                    out.baseAddress.map { $0 + plaintext.count }
                ) == 1
        }
        guard isSealed else { throw Libcrypto.failed("AES-256-GCM") }
        return out
    }

    /// The plaintext; `nil` when the tag does not fit.
    func open(_ sealed: ArraySlice<UInt8>, context: [UInt8], nonce: [UInt8]) throws(InputProblem) -> [UInt8]? {
        guard let cipher = EVP_CIPHER_CTX_new() else { throw Libcrypto.failed("AES-256-GCM") }
        defer { EVP_CIPHER_CTX_free(cipher) }
        let ciphertext = Array(sealed.dropLast(Self.tagByteCount))
        var tag = Array(sealed.suffix(Self.tagByteCount))
        var out = [UInt8](repeating: 0, count: ciphertext.count + 1)
        var length: Int32 = 0
        guard EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1,
            EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag) == 1,
            EVP_DecryptUpdate(cipher, nil, &length, context, Int32(context.count)) == 1,
            EVP_DecryptUpdate(cipher, &out, &length, ciphertext, Int32(ciphertext.count)) == 1
        else { throw Libcrypto.failed("AES-256-GCM") }
        var rest = [UInt8](repeating: 0, count: Self.tagByteCount)
        guard EVP_DecryptFinal_ex(cipher, &rest, &length) == 1 else { return nil }
        out.removeLast()
        return out
    }
}
