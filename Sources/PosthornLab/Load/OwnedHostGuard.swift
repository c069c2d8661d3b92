public import PosthornSending
import PosthornSystem

/// Where the lab's commands may send: an operator names the target, so this machine and private networks are open, over
/// plain http too; everybody else's hosts are closed until the operator has said that they are theirs.
public enum OwnedHostGuard {
    /// The machine itself and the ranges for private use (RFC 1918, RFC 4193, RFC 6598) and of one link.
    private static let own = [
        "127.0.0.0/8", "0.0.0.0/32", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "::1/128",
        "fc00::/7", "fe80::/10",
    ]

    /// The guard for one host.
    /// - Parameter isOwned: Whether the operator has said that the host is theirs; then any address may be reached.
    public static func make(isOwned: Bool) -> EgressGuard {
        let all = ranges(["0.0.0.0/0", "::/0"])
        return isOwned ? EgressGuard(allow: all) : EgressGuard(allow: ranges(own), close: all)
    }

    private static func ranges(_ texts: [String]) -> [CIDR] { texts.compactMap { try? CIDR($0) } }
}
