import CPosthornCrypto

/// What is needed of libcrypto.
enum Crypto {
    /// libcrypto could not do its work: it lacks memory, or its configuration forbids the algorithm.
    struct Failed: Error {}

    /// HMAC-SHA256.
    static func hmac(_ key: [UInt8], _ message: [UInt8]) throws -> [UInt8] {
        var code = [UInt8](repeating: 0, count: 32)
        var count = 0
        // A key without bytes still needs an address, so one byte stands behind it.
        let made = EVP_Q_mac(nil, "HMAC", nil, "SHA256", nil, key + [0], key.count, message, message.count, &code, code.count, &count)
        guard made != nil, count == code.count else { throw Failed() }
        return code
    }

    /// SHA-256 in hexadecimal.
    static func digest(_ bytes: [UInt8]) throws -> String {
        var hash = [UInt8](repeating: 0, count: 32)
        guard EVP_Q_digest(nil, "SHA256", nil, bytes, bytes.count, &hash, nil) == 1 else { throw Failed() }
        return hex(hash)
    }

    /// Whether an ed25519 signature (RFC 8032) was made over a message.
    static func isEd25519Signature(_ signature: [UInt8], of message: [UInt8], publicKey: [UInt8]) -> Bool {
        guard let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, publicKey.count) else { return false }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    /// Compares in a time that tells nothing about where the first difference is.
    static func equal(_ a: [UInt8], _ b: [UInt8]) -> Bool { a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0 }

    /// Compares the bytes of two texts likewise.
    static func equal(_ a: String, _ b: String) -> Bool { equal(Array(a.utf8), Array(b.utf8)) }

    /// Two lower-case digits a byte.
    static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Decodes base64 in either alphabet, with its padding or without; `nil` when it is none.
    static func decodeBase64(_ text: String) -> [UInt8]? {
        var digits = text.utf8.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "+") : $0 == UInt8(ascii: "_") ? UInt8(ascii: "/") : $0 }
        while digits.last == UInt8(ascii: "=") { digits.removeLast() }
        let padding = (4 - digits.count % 4) % 4
        digits += [UInt8](repeating: UInt8(ascii: "="), count: padding)
        var bytes = [UInt8](repeating: 0, count: digits.count / 4 * 3)
        guard padding < 3, EVP_DecodeBlock(&bytes, digits, Int32(digits.count)) == Int32(bytes.count) else { return nil }
        return Array(bytes.dropLast(padding))
    }
}
