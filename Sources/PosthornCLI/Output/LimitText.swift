import PosthornModel
import PosthornStore
import PosthornText

/// What a person reads of limits of many endpoints together.
enum LimitText {
    /// A limit at which deliveries wait.
    static func sentence(_ limit: BindingLimit) -> String {
        "\(name(limit.node)): \(limit.limits); \(HumanText.grouped(limit.inFlight)) under way, "
            + HumanText.count(limit.waitingEndpoints, "endpoint waits", "endpoints wait")
    }

    /// The limits that an endpoint waits for with others.
    static func sentence(_ nodes: [String?]) -> String { "deliveries wait for the limits of " + nodes.map(name).joined(separator: ", ") }

    private static func name(_ node: String?) -> String { node.map(TerminalText.text) ?? "all endpoints" }
}
