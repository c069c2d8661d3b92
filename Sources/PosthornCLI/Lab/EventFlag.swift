import PosthornLab
import PosthornModel

/// `--event TYPE` of made-up events: which types there are to choose from.
enum EventFlag {
    /// What is wrong with a pattern; `nil` when it fits one of the types.
    /// - Parameter vendor: Whose types they are.
    static func problem(_ pattern: EventPattern, among types: [String], of vendor: String, _ command: String) -> UsageProblem? {
        if types.contains(where: { pattern.matches($0) }) { return nil }
        return UsageProblem("--event: \(PatternWarning.reason(pattern, noneOf: types, of: vendor))", command: command)
    }
}
