public import PosthornModel
package import PosthornText

/// A limit of many endpoints together at which deliveries wait, or have waited in the last seconds.
public struct BindingLimit: Sendable, Hashable {
    /// The node whose limit it is; `nil` for that of all endpoints.
    public var node: String?
    /// What may go out at once.
    public var limits: DeliveryLimits
    /// Deliveries under way below the node.
    public var inFlight: Int
    /// Endpoints that wait for it.
    public var waitingEndpoints: Int

    /// A limit that binds.
    public init(node: String?, limits: DeliveryLimits, inFlight: Int, waitingEndpoints: Int) {
        self.node = node
        self.limits = limits
        self.inFlight = inFlight
        self.waitingEndpoints = waitingEndpoints
    }
}

extension BindingLimit {
    /// What ``json`` has written; `nil` when it means nothing.
    package init?(json value: JSONValue) {
        guard case .object(let members) = value, case .number(let inFlight)? = value["in_flight"],
            case .number(let waiting)? = value["waiting_endpoints"], let inFlight = Int(inFlight), let waiting = Int(waiting)
        else { return nil }
        let words: Set<String> = ["rate_per_second", "max_in_flight"]
        guard let limits = try? DeliveryLimits(json: .object(members.filter { words.contains($0.key) }), at: "") else { return nil }
        self.init(node: value["node"]?.stringValue, limits: limits, inFlight: inFlight, waitingEndpoints: waiting)
    }

    /// As `status` shows it.
    package var json: JSONValue {
        func number(_ text: String?) -> JSONValue { text.map { .number($0) } ?? .null }
        return .object([
            .init("node", node.map { .string($0) } ?? .null),
            .init("rate_per_second", number(limits.ratePerSecond.map(DeliveryLimits.text))),
            .init("max_in_flight", number(limits.inFlightLimit.map { String($0) })),
            .init("in_flight", .number(String(inFlight))), .init("waiting_endpoints", .number(String(waitingEndpoints))),
        ])
    }
}
