package import PosthornModel
package import PosthornStore
package import PosthornText

/// The JSON objects in which the command line and the HTTP API show nodes and endpoints.
extension JSONLine {
    /// A node.
    /// - Parameters:
    ///   - endpoints: How many endpoints are at the node itself.
    ///   - nodes: How many nodes are right below it.
    package init(_ node: Node, endpoints: Int, nodes: Int) {
        self.init()
        add("id", node.id)
        add("level", node.level.rawValue)
        add("parent", node.parent)
        add("name", node.name)
        add("notification_email", node.notificationEmail)
        add("limits", node.limits?.json ?? .null)
        add("endpoints", endpoints)
        add("nodes", nodes)
    }

    /// An endpoint as lists show it.
    /// - Parameters:
    ///   - fault: Why it cannot be used.
    ///   - throttledUntil: Until when its receiver asked to be left alone.
    ///   - limitedBy: The nodes whose limits it waits for with others; `nil` for that of all endpoints.
    ///   - hidesAddresses: Whether it is for those who see one tree alone; see ``RefusedAddress``.
    package init(
        _ endpoint: StoredEndpoint,
        fault: String?,
        throttledUntil: Timestamp?,
        limitedBy: [String?],
        hidesAddresses: Bool = false
    ) {
        let settings = endpoint.settings
        self.init()
        add("id", settings.id)
        add("node", settings.node)
        add("url", MaskedURL.text(settings.url))
        add("method", settings.method.rawValue)
        add("envelope", settings.envelope.rawValue)
        add("signature", settings.signature.rawValue)
        add("events", settings.events.map(\.text))
        add("headers", settings.headers.map(\.name))
        add("timeout_ms", settings.timeoutMilliseconds)
        add("max_in_flight", settings.inFlightLimit)
        add("rate_per_second", fraction: settings.ratePerSecond)
        add("retry", numbers: settings.retry.offsetsMilliseconds)
        add("health_settings", settings.health?.json ?? .null)
        add("order", settings.order?.json ?? .null)
        add("on_exhausted", settings.order?.onExhausted.rawValue)
        add("throttled_until", throttledUntil)
        add("limited_by", Self.limitedBy(limitedBy))
        add("state", endpoint.state.rawValue)
        add("reason", endpoint.stateReason.map { hidesAddresses ? RefusedAddress.reason($0) : $0 })
        add("broken", fault)
    }

    /// Nodes whose limits bind, as a list with `null` for the limit of all endpoints.
    package static func limitedBy(_ nodes: [String?]) -> JSONValue { .array(nodes.map { $0.map { .string($0) } ?? .null }) }
}
