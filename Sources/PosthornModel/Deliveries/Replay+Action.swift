extension Replay {
    /// What a job does to the deliveries that it is about.
    public enum Action: Sendable, Hashable {
        /// Sends again what is over, where the endpoints are now, each with a whole round of the schedule.
        case replay
        /// Tries again what was not delivered.
        case retry(wholeRound: Bool = false, atCurrentURL: Bool = false)
        /// Takes back what was not delivered, for good.
        case cancel

        /// The words for what follows a failure, and where a delivery goes.
        private static let (round, current) = ("whole_round", "current_url")

        /// The action as it is stored and shown: a word, and for a retry how, with commas between.
        public var text: String {
            guard case .retry(let wholeRound, let atCurrentURL) = self else { return name }
            return [name, wholeRound ? Self.round : "", atCurrentURL ? Self.current : ""].filter { !$0.isEmpty }.joined(separator: ",")
        }

        /// The word alone.
        public var name: String {
            switch self {
            case .replay: "replay"
            case .retry: "retry"
            case .cancel: "cancel"
            }
        }

        /// An action as it is stored; `nil` for words that say none.
        public init?(text: String) {
            let words = Set(text.split(separator: ",").map { String($0) })
            switch words.subtracting([Self.round, Self.current]) {
            case ["replay"] where words.count == 1: self = .replay
            case ["cancel"] where words.count == 1: self = .cancel
            case ["retry"]: self = .retry(wholeRound: words.contains(Self.round), atCurrentURL: words.contains(Self.current))
            default: return nil
            }
        }

        /// The states of the deliveries that it can be done to.
        public var states: Set<DeliveryState> {
            switch self {
            case .replay: [.exhausted, .delivered]
            case .retry(_, let atCurrentURL): atCurrentURL ? [.pending, .held, .exhausted] : [.pending, .exhausted]
            case .cancel: [.pending, .held, .exhausted]
            }
        }

        /// Deliveries a second, unless it is told otherwise.
        public var usualRate: Int { self == .cancel ? 1000 : Replay.usualRate }

        /// What to do instead, where it cannot be done to a state.
        var advice: String {
            let words = DeliveryState.allCases.filter(states.contains).map(\.rawValue)
            let list = words.dropLast().joined(separator: ", ") + " and " + (words.last ?? "")
            switch self {
            case .replay: return "can be \(list): what waits goes out by itself"
            case .retry: return "can be \(list): a replay sends again what was delivered, and what is held goes out by itself"
            case .cancel: return "can be \(list): what was delivered cannot be taken back"
            }
        }
    }
}
