import PosthornText

/// How long what has ended is kept: in all, and longer or shorter by how its deliveries ended.
public struct RetentionPolicy: Sendable, Hashable {
    /// In milliseconds, for every state that is not named; `nil` to keep it for ever.
    public var keepMilliseconds: Int64?
    /// The same by state; only states that end a delivery count.
    public var byState: [DeliveryState: Int64]
    /// How long the data of events is kept once all of their deliveries have ended, in milliseconds, where that is shorter; `nil` to keep
    /// it as long as the rest.
    public var keepPayloadsMilliseconds: Int64?

    /// A policy.
    public init(keepMilliseconds: Int64? = nil, byState: [DeliveryState: Int64] = [:], keepPayloadsMilliseconds: Int64? = nil) {
        self.keepMilliseconds = keepMilliseconds
        self.byState = byState
        self.keepPayloadsMilliseconds = keepPayloadsMilliseconds
    }

    /// Reads a policy as flags and settings have it: `30d`, `exhausted=90d`.
    /// - Throws: An ``InputProblem`` for another state, another length, and for what is said twice.
    public init(_ texts: [String]) throws(InputProblem) {
        self.init()
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let length = RetrySchedule.Duration.milliseconds(parts[parts.count - 1]), length > 0 else {
                throw InputProblem(field: "", value: text, reason: "is not a length; write 30d, or by state exhausted=90d")
            }
            if parts.count == 1 {
                if keepMilliseconds != nil {
                    throw InputProblem(field: "", value: text, reason: "is the second length for all states; give one")
                }
                keepMilliseconds = length
                continue
            }
            guard let state = DeliveryState(rawValue: parts[0]), state.isTerminal else {
                let known = DeliveryState.allCases.filter(\.isTerminal).map(\.rawValue)
                throw InputProblem(field: "", value: text, reason: "names no state that ends a delivery; " + Self.advice(parts[0], known))
            }
            if byState[state] != nil {
                throw InputProblem(field: "", value: text, reason: "is the second length for \(state.rawValue); give one")
            }
            byState[state] = length
        }
    }

    private static func advice(_ word: String, _ known: [String]) -> String {
        Suggestion.advice(for: word, among: known, otherwise: "those are")
    }

    /// The lengths as flags and settings have them: `30d`, `exhausted=90d`; empty when nothing is deleted.
    public var words: [String] {
        let states = DeliveryState.allCases.compactMap { state in byState[state].map { "\(state.rawValue)=\(Self.word($0))" } }
        return (keepMilliseconds.map { [Self.word($0)] } ?? []) + states
    }

    /// The length for data as flags and settings have it.
    public var payloadsWord: String? { keepPayloadsMilliseconds.map(Self.word) }

    private static func word(_ milliseconds: Int64) -> String { RetrySchedule.Duration.text(milliseconds) }

    /// How long a delivery of a state is kept, in milliseconds; `nil` for ever.
    public func milliseconds(for state: DeliveryState) -> Int64? { byState[state] ?? keepMilliseconds }
}
