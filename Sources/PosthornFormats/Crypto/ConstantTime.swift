import CPosthornCrypto

/// Comparison that takes as long for a wrong first byte as for a wrong last one.
public enum ConstantTime {
    /// Whether both hold the same bytes. Only their length can be learned from the time it takes.
    public static func equal(_ a: some Collection<UInt8>, _ b: some Collection<UInt8>) -> Bool {
        let left = Array(a)
        let right = Array(b)
        return left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }
}
