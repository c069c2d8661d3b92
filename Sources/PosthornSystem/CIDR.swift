/// A range of addresses: `10.0.0.0/8`, `2001:db8::/32`, or one address alone.
public struct CIDR: Sendable, Hashable, CustomStringConvertible {
    /// How many leading bits of the 128 count; an IPv4 prefix is 96 longer than it is written.
    package let prefixLength: Int
    /// The first address.
    package let first: NetworkAddress

    /// Reads `address/length`, or an address for itself alone.
    ///
    /// Bits after the prefix must be 0, so that a slip of the hand does not open more than was meant.
    /// - Throws: A ``CIDRProblem`` that says what is wrong.
    public init(_ text: String) throws(CIDRProblem) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let written = parts.first, parts.count <= 2, let address = NetworkAddress(String(written)) else {
            throw CIDRProblem(reason: "is not a range of addresses; write it as 10.0.0.0/8 or fd00::/8")
        }
        let isPlainIPv4 = !written.contains(":")
        let width = isPlainIPv4 ? 32 : 128
        var length = width
        if parts.count == 2 {
            guard let number = Self.decimal(parts[1]), number <= width else {
                throw CIDRProblem(reason: "needs a prefix length from 0 to \(width) after the slash")
            }
            length = number
        }
        prefixLength = isPlainIPv4 ? length + 96 : length
        let mask = Self.mask(prefixLength)
        first = NetworkAddress(bits: address.bits & mask)
        if first != address {
            throw CIDRProblem(reason: "has bits set after its prefix; did you mean \(first)/\(length)?")
        }
    }

    /// Whether `address` lies inside.
    @inline(__always)
    package func contains(_ address: NetworkAddress) -> Bool {
        address.bits & Self.mask(prefixLength) == first.bits
    }

    /// Whether it is all of IPv4, or all there is.
    package var holdsEverything: Bool { prefixLength == 0 || (first.isIPv4 && prefixLength == 96) }

    /// As it is written: `10.0.0.0/8`.
    public var description: String {
        first.isIPv4 && prefixLength >= 96 ? "\(first)/\(prefixLength - 96)" : "\(first)/\(prefixLength)"
    }

    @inline(__always)
    private static func mask(_ length: Int) -> UInt128 { length == 0 ? 0 : ~UInt128(0) << (128 - length) }

    private static func decimal(_ text: Substring) -> Int? {
        guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text)
    }
}
