public import PosthornModel

/// Which requests of a load a bound is about.
public enum LoadScope: Equatable, Sendable {
    /// All of them.
    case all
    /// Those of a step of the rate, counted from 1; each step's apart where there is no number.
    case step(Int?)
    /// Those of each type of event that fits.
    case type(EventPattern)
    /// Those to one of several URLs, counted from 1; each URL's apart where there is no number.
    case url(Int?)

    /// Reads what stands in braces: `step:3`, `step:*`, `type:MEETING_*`, `url:2`; `nil` when it is none.
    init?(_ text: Substring) {
        let parts = text.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        let number = Int(parts[1]).flatMap { $0 > 0 ? $0 : nil }
        let isCounted = parts[1] == "*" || number != nil
        switch parts[0] {
        case "step" where isCounted: self = .step(number)
        case "url" where isCounted: self = .url(number)
        case "type":
            guard let pattern = try? EventPattern(String(parts[1])) else { return nil }
            self = .type(pattern)
        default: return nil
        }
    }
}
