import CPosthornCrypto

/// The hash functions that a vendor file may name.
enum DigestName: String, CaseIterable, Sendable {
    case md5, sha1, sha224, sha256, sha384, sha512

    /// The digest of some bytes; empty where this machine's libcrypto refuses the function, so that nothing fits it.
    func digest(of bytes: [UInt8]) -> [UInt8] {
        var hash = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard let function = EVP_get_digestbyname(rawValue), EVP_Digest(bytes, bytes.count, &hash, &count, function, nil) == 1 else {
            return []
        }
        return Array(hash.prefix(Int(count)))
    }
}

/// How bytes become a text.
enum BinaryText: String, CaseIterable, Sendable {
    case hex, base64, base64url

    func append(_ bytes: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
        switch self {
        case .hex: Hex.append(bytes, to: &out)
        case .base64: Base64.append(bytes, to: &out)
        case .base64url: Base64.append(bytes, .urlWithoutPadding, to: &out)
        }
    }

    func append(_ bytes: [UInt8], to out: inout [UInt8]) { bytes.withUnsafeBufferPointer { append($0, to: &out) } }

    /// The bytes of a text; `nil` when it is none of this kind.
    func decode(_ text: [UInt8]) -> [UInt8]? {
        switch self {
        case .hex: return Hex.decode(text)
        case .base64: return Base64.decode(text)
        case .base64url: return Base64.decode(text, .urlWithoutPadding)
        }
    }
}

/// CRC-32 as zip and PNG have it (ISO 3309).
enum Checksum {
    static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var checksum: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            checksum ^= UInt32(byte)
            for _ in 0..<8 { checksum = checksum & 1 == 1 ? (checksum >> 1) ^ 0xEDB8_8320 : checksum >> 1 }
        }
        return ~checksum
    }
}
