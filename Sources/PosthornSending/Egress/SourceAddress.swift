public import PosthornModel
import PosthornSystem

/// The addresses of this machine that requests leave from: one of IPv4, one of IPv6, or one of each. Where there is one of one kind alone,
/// no address of the other kind is connected to: what leaves otherwise than it was told would not pass the firewall that it was told for.
public struct SourceAddress: Sendable, Hashable, CustomStringConvertible {
    /// That of IPv4.
    let ipv4: NetworkAddress?
    /// That of IPv6.
    let ipv6: NetworkAddress?

    /// Reads one address, or two with a comma between them.
    public init(_ text: String) throws(InputProblem) {
        var (four, six): (NetworkAddress?, NetworkAddress?) = (nil, nil)
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let address = NetworkAddress(String(part.drop { $0 == " " })) else {
                throw InputProblem(field: "", value: text, reason: Self.advice)
            }
            if address.isIPv4 ? four != nil : six != nil { throw InputProblem(field: "", value: text, reason: Self.advice) }
            if address.isIPv4 { four = address } else { six = address }
        }
        (ipv4, ipv6) = (four, six)
    }

    private static let advice = "is no address of this machine; give one of IPv4, one of IPv6, or both with a comma between them"

    /// The addresses.
    public var description: String { [ipv4, ipv6].compactMap { $0?.description }.joined(separator: ",") }

    /// The one from which an address is connected to; `nil` when it is not.
    func address(for target: NetworkAddress) -> NetworkAddress? { target.isIPv4 ? ipv4 : ipv6 }
}
