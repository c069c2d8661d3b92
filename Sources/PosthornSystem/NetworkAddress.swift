public import Glibc

/// An IPv4 or IPv6 address in one shape: 128 bits, IPv4 as `::ffff:a.b.c.d`.
///
/// So an IPv4 address written inside IPv6 is the same value as the address itself, and is judged as it.
public struct NetworkAddress: Hashable, Sendable, CustomStringConvertible {
    /// The bits, most significant first as on the wire.
    public let bits: UInt128

    private static let mappedPrefix: UInt128 = 0xFFFF << 32

    /// The address of these bits; IPv4 is mapped.
    public init(bits: UInt128) { self.bits = bits }

    /// An IPv4 address from its 32 bits.
    public init(ipv4: UInt32) { bits = Self.mappedPrefix | UInt128(ipv4) }

    /// Whether this is an IPv4 address, written plainly or inside IPv6.
    public var isIPv4: Bool { bits >> 32 == 0xFFFF }

    /// Strict text: four decimal numbers, or IPv6 without brackets or zone. `nil` for anything else, host names included.
    public init?(_ text: String) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            self.init(ipv4: UInt32(bigEndian: four.s_addr))
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            self.init(six)
        } else {
            return nil
        }
    }

    /// A socket's address, its own or its peer's. `nil` for other families than IPv4 and IPv6.
    public init?(_ address: UnsafePointer<sockaddr>) {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            let four = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self)
            self.init(ipv4: UInt32(bigEndian: four.sin_addr.s_addr))
        case AF_INET6:
            self.init(UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self).sin6_addr)
        default:
            return nil
        }
    }

    private init(_ six: in6_addr) {
        bits = withUnsafeBytes(of: six) { UInt128(bigEndian: $0.loadUnaligned(as: UInt128.self)) }
    }

    /// The usual text: `192.0.2.1`, `2001:db8::1`.
    public var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        if isIPv4 {
            var four = in_addr(s_addr: UInt32(truncatingIfNeeded: bits).bigEndian)
            inet_ntop(AF_INET, &four, &text, socklen_t(text.count))
        } else {
            var six = in6_addr()
            withUnsafeMutableBytes(of: &six) { $0.storeBytes(of: bits.bigEndian, as: UInt128.self) }
            inet_ntop(AF_INET6, &six, &text, socklen_t(text.count))
        }
        return text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    /// The address as the kernel wants it.
    package func withSocketAddress<Result>(port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        if isIPv4 {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(truncatingIfNeeded: bits).bigEndian
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
            }
        }
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        withUnsafeMutableBytes(of: &address.sin6_addr) { $0.storeBytes(of: bits.bigEndian, as: UInt128.self) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in6>.size)) }
        }
    }

    /// With a port, IPv6 in brackets: `192.0.2.1:443`, `[2001:db8::1]:443`.
    public func description(port: UInt16) -> String {
        isIPv4 ? "\(description):\(port)" : "[\(description)]:\(port)"
    }
}
