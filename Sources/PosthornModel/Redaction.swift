/// How values that hold secrets show themselves: the same whether they are printed, dumped, mirrored or shown by a debugger.
package enum Redaction {
    /// One line: the type and the members that may be seen.
    package static func text(_ type: String, _ members: KeyValuePairs<String, Any>) -> String {
        "\(type)(\(members.map { "\($0.key): \($0.value)" }.joined(separator: ", ")))"
    }

    /// A mirror with the members that may be seen.
    package static func mirror<Value>(of value: Value, _ members: KeyValuePairs<String, Any>) -> Mirror {
        Mirror(value, children: members, displayStyle: Value.self is AnyClass ? .class : .struct)
    }

    /// What is shown in place of a secret that is there; `nil` shows as it is.
    package static func mark(_ secret: String?) -> String { secret == nil ? "nil" : MaskedURL.mark }
}

extension EndpointSettings: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The settings without secrets: credentials and headers by their names alone, the URL without the values of its query.
    public var description: String { Redaction.text("EndpointSettings", shown) }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// The same members as ``description`` has.
    public var customMirror: Mirror { Redaction.mirror(of: self, shown) }

    private var shown: KeyValuePairs<String, Any> {
        [
            "id": id, "node": node, "url": MaskedURL.text(url), "method": method.rawValue, "envelope": envelope.rawValue,
            "signature": signature.rawValue, "credentials": credentials.keys.sorted().map { "\($0): \(MaskedURL.mark)" },
            "keepsCredentials": keepsCredentials, "events": events.map(\.text), "headers": headers,
            "timeoutMilliseconds": timeoutMilliseconds, "inFlightLimit": inFlightLimit,
            "ratePerSecond": ratePerSecond.map { "\($0)" } ?? "nil", "retry": retry,
            "order": order.map { "\($0)" } ?? "nil",
            "health": health.map { "\($0)" } ?? "nil",
        ]
    }
}

extension EndpointSettings.Header: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The name; a value may be a secret.
    public var description: String { "\(name): \(MaskedURL.mark)" }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// The name; a value may be a secret.
    public var customMirror: Mirror { Redaction.mirror(of: self, ["name": name, "value": MaskedURL.mark]) }
}

extension Delivery: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The delivery, its URL without the values of its query.
    public var description: String { Redaction.text("Delivery", shown) }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// The same members as ``description`` has.
    public var customMirror: Mirror { Redaction.mirror(of: self, shown) }

    private var shown: KeyValuePairs<String, Any> {
        [
            "id": id, "event": event, "type": type, "node": node, "endpoint": endpoint, "url": MaskedURL.text(url),
            "state": state.rawValue, "attempts": attempts, "created": created, "nextAttemptAt": nextAttemptAt.map { "\($0)" } ?? "nil",
            "last": last.map { "\($0)" } ?? "nil",
        ]
    }
}
