/// Whether an endpoint takes deliveries.
public enum EndpointState: String, CaseIterable, Sendable {
    /// Deliveries go out.
    case active
    /// The vendor's handshake has not succeeded yet; deliveries are held.
    case unverified
    /// An operator switched it off; deliveries are held.
    case disabled
    /// It is no longer in the topology; kept because deliveries name it.
    case removed
}
