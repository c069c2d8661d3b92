public import PosthornModel

/// What people can do to deliveries.
public enum DeliveryAction: Sendable {
    /// Try again now.
    case retry
    /// Try again now where the endpoint is by now; held ones are moved there, and stay held.
    case retryAtCurrentURL
    /// Send again what was delivered.
    case resend
    /// Take back what was not delivered.
    case cancel

    /// The states of the deliveries that it can be done to.
    public var states: Set<DeliveryState> {
        switch self {
        case .retry: [.pending, .exhausted]
        case .retryAtCurrentURL: [.pending, .held, .exhausted]
        case .resend: [.delivered]
        case .cancel: [.pending, .held, .exhausted]
        }
    }
}
