/// What a key of the HTTP API may do, within the tree of its node.
public enum AccessRight: String, CaseIterable, Sendable, Comparable {
    /// Hand in events.
    case emit
    /// See everything, the data of events too.
    case read
    /// See everything but the data of events and the answers of receivers.
    case readMetadata = "read_metadata"
    /// Retry, cancel and resend deliveries.
    case retry
    /// Make, change, switch, verify, test and remove endpoints.
    case endpoints
    /// See secrets, and keep them when an endpoint moves to another host.
    case secrets
    /// Make and revoke keys at its own node and below, with no more rights than its own.
    case keys
    /// The whole outbox: nodes, the topology and all else. Only for keys without a node.
    case admin

    /// This right and those that it includes.
    public var withIncluded: Set<AccessRight> {
        switch self {
        case .admin: return Set(Self.allCases)
        case .read: return [.read, .readMetadata]
        case .emit, .readMetadata, .retry, .endpoints, .secrets, .keys: return [self]
        }
    }

    /// In the order in which they are declared.
    public static func < (a: AccessRight, b: AccessRight) -> Bool {
        (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
    }
}
