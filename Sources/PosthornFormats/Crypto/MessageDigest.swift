import CPosthornCrypto

/// Digests of what was sent or stored, to recognise it by.
public enum MessageDigest {
    /// SHA-256 as 64 lower-case hexadecimal digits.
    public static func sha256(_ bytes: [UInt8]) -> String {
        var hash = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        precondition(EVP_Digest(bytes, bytes.count, &hash, &count, EVP_sha256(), nil) == 1, "libcrypto has no SHA-256")
        return Hex.text(Array(hash.prefix(Int(count))))
    }
}
