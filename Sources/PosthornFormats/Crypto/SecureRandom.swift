import CPosthornCrypto

/// Random bytes that nobody can foresee, for secrets.
public enum SecureRandom {
    /// `count` bytes from libcrypto's generator (`RAND_bytes`).
    ///
    /// The process ends when the machine has no randomness to give: a secret made without it would be worse.
    public static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
            precondition(RAND_bytes(buffer.baseAddress, Int32(count)) == 1, "libcrypto has no random bytes")
            written = count
        }
    }

    /// Random bytes as text that goes into URLs and headers as it is: base64url without padding (RFC 4648, section 5).
    /// - Parameter byteCount: How many bytes; each three become four characters.
    public static func text(byteCount: Int) -> String { Base64.text(bytes(byteCount), .urlWithoutPadding) }

    /// Random bytes as lower-case hexadecimal digits, two a byte.
    public static func hex(byteCount: Int) -> String { Hex.text(bytes(byteCount)) }
}
