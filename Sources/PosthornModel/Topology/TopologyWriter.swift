package import PosthornText

/// Writes a topology file: what ``Topology/init(json:)`` reads, one node or endpoint a line, so that two of them can be compared line
/// by line. What has its default is left out.
public enum TopologyWriter {
    /// The text of a file.
    public static func text(nodes: [Node], endpoints: [EndpointSettings]) -> String {
        """
        {
          "nodes": \(list(nodes.map(object))),
          "endpoints": \(list(endpoints.map(object)))
        }

        """
    }

    private static func list(_ values: [JSONValue]) -> String {
        values.isEmpty ? "[]" : "[\n" + values.map { "    \($0.text)" }.joined(separator: ",\n") + "\n  ]"
    }

    /// A node as a file has it.
    package static func object(_ node: Node) -> JSONValue {
        var members = [JSONValue.Member("id", .string(node.id)), .init("level", .string(node.level.rawValue))]
        if let parent = node.parent { members.append(.init("parent", .string(parent))) }
        if let name = node.name { members.append(.init("name", .string(name))) }
        if let email = node.notificationEmail {
            members.append(.init("notification_contact", .object([.init("email", .string(email))])))
        }
        if let limits = node.limits { members.append(.init("limits", limits.json)) }
        return .object(members)
    }

    /// An endpoint as a file has it.
    package static func object(_ endpoint: EndpointSettings) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("id", .string(endpoint.id)), .init("node", .string(endpoint.node)), .init("url", .string(endpoint.url)),
        ]
        members += format(endpoint)
        if endpoint.method != .post { members.append(.init("method", .string(endpoint.method.rawValue))) }
        if endpoint.keepsCredentials {
            members.append(.init("credentials", .string(MaskedURL.mark)))
        } else if !endpoint.credentials.isEmpty {
            let isShown = VendorDocument.of(endpoint) != nil
            let sorted = endpoint.credentials.filter { !isShown || $0.key != VendorDocument.member }.sorted { $0.key < $1.key }
            if !sorted.isEmpty { members.append(.init("credentials", .object(sorted.map { .init($0.key, $0.value) }))) }
        }
        if !endpoint.events.isEmpty { members.append(.init("events", .array(endpoint.events.map { .string($0.text) }))) }
        if !endpoint.headers.isEmpty {
            members.append(.init("headers", .object(endpoint.headers.map { .init($0.name, .string($0.value)) })))
        }
        members += limits(endpoint)
        return .object(members)
    }

    private static func format(_ endpoint: EndpointSettings) -> [JSONValue.Member] {
        if let document = VendorDocument.of(endpoint) { return [.init("vendor", document)] }
        let vendor = Vendor.allCases.first { $0.envelope == endpoint.envelope && $0.signature == endpoint.signature }
        if let vendor { return [.init("vendor", .string(vendor.rawValue))] }
        return [
            .init("envelope", .string(endpoint.envelope.rawValue)), .init("signature", .string(endpoint.signature.rawValue)),
        ]
    }

    private static func limits(_ endpoint: EndpointSettings) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        // Where they are left out with a vendor's file, they are the file's.
        let isOfFile = VendorDocument.of(endpoint) != nil
        if isOfFile || endpoint.timeoutMilliseconds != EndpointSettings.defaultTimeoutMilliseconds {
            members.append(.init("timeout_ms", .number(String(endpoint.timeoutMilliseconds))))
        }
        if endpoint.inFlightLimit != EndpointSettings.defaultInFlightLimit {
            members.append(.init("max_in_flight", .number(String(endpoint.inFlightLimit))))
        }
        if let rate = endpoint.ratePerSecond {
            members.append(.init("rate_per_second", .number(Int64(exactly: rate).map { String($0) } ?? "\(rate)")))
        }
        if isOfFile || endpoint.retry != .standard {
            let offsets = endpoint.retry.offsetsMilliseconds.map { JSONValue.string(RetrySchedule.Duration.text($0)) }
            members.append(.init("retry", .array(offsets)))
        }
        if let health = endpoint.health { members.append(.init("health", health.json)) }
        if let order = endpoint.order {
            members.append(.init("order", order.json))
            if order.onExhausted != .stop { members.append(.init("on_exhausted", .string(order.onExhausted.rawValue))) }
        }
        return members
    }
}
