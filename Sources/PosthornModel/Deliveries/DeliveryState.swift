/// The states of a delivery. These words stand in the outbox, the command line and the documents alike.
///
/// ```
///             accepted                       200
///   (event) ───────────▶ pending ──────────────────────▶ delivered
///                         │  ▲ │ not 200, attempts left, next_attempt_at set
///                         │  └─┘
///               disabled ▼ ▲ enabled      not 200, last attempt
///                       held            ───────────────▶ exhausted ──(retry by hand)──▶ pending
///                                        cancelled by hand ▶ cancelled
/// ```
///
/// A delivered one is pending again only when somebody sends it again by hand.
public enum DeliveryState: String, CaseIterable, Sendable {
    /// Waits for its next attempt, or is on the wire.
    case pending
    /// Its endpoint is disabled or unverified; it goes out when that changes.
    case held
    /// The receiver answered 200, or another status that the endpoint's vendor file takes for a success.
    case delivered
    /// Every attempt failed.
    case exhausted
    /// Somebody took it back, or its endpoint was removed.
    case cancelled

    /// Whether nothing more happens to it unless somebody asks for it: not one that is held, which goes out with its endpoint.
    public var isTerminal: Bool { self != .pending && self != .held }

    /// The states that may follow this one. The outbox refuses every other move.
    public var legalMoves: Set<DeliveryState> {
        switch self {
        case .pending: return [.delivered, .exhausted, .held, .cancelled]
        // A request that was on the wire when its endpoint was disabled may still succeed or fail for good.
        case .held: return [.pending, .delivered, .exhausted, .cancelled]
        case .exhausted: return [.pending, .cancelled]
        // Only when somebody sends it again by hand.
        case .delivered: return [.pending]
        case .cancelled: return []
        }
    }

    /// Whether a delivery in this state may be in another one next, or stay as it is.
    package func mayBecome(_ next: DeliveryState) -> Bool { self == next || legalMoves.contains(next) }
}
