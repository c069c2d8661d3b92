import PosthornLab
import PosthornModel

/// `--event TYPE` of made-up events: which types there are to choose from.
enum EventFlag {
    /// What is wrong with a pattern; `nil` when it fits one of the types.
    /// - Parameter vendor: Whose types they are.
    static func problem(_ pattern: EventPattern, among types: [String], of vendor: String, _ command: String) -> UsageProblem? {
        if types.contains(where: { pattern.matches($0) }) { return nil }
        let list = types.joined(separator: ", ")
        return UsageProblem(
            "--event: \"\(InputProblem.printable(pattern.text))\" fits none of \(vendor)'s types\(suggestion(pattern.text, types)); use "
                + "one of \(list), or a pattern of them with *",
            command: command
        )
    }

    /// Types differ in more than the case of their letters, and people write them in either.
    private static func suggestion(_ written: String, _ types: [String]) -> String {
        let lowered = types.map { $0.lowercased() }
        guard let near = Suggestion.nearest(to: written.lowercased(), among: lowered), let place = lowered.firstIndex(of: near)
        else { return "" }
        return " (did you mean \(types[place])?)"
    }
}
