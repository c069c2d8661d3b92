public import PosthornText

/// In which order an endpoint gets its events: the deliveries of one lane one at a time, each once the one before it is over. Lanes do not wait for each
/// other.
public struct DeliveryOrder: Hashable, Sendable {
    /// What makes a lane of an endpoint.
    public var lanes: Lanes
    /// What an exhausted delivery does to its lane.
    public var onExhausted: OnExhausted

    /// Which deliveries of an endpoint go one after the other.
    public enum Lanes: Hashable, Sendable {
        /// All of them.
        case endpoint
        /// Those of one node's events.
        case node
        /// Those whose events have the same value at a place in their data. An event that has none there is in no lane.
        case key(JSONPointer)
    }

    /// What happens to a lane when a delivery has used up its attempts.
    public enum OnExhausted: String, CaseIterable, Sendable {
        /// It stops: what is behind waits until an operator retries the delivery, skips it or cancels it.
        case stop
        /// It goes on with the next one.
        case skip
    }

    /// An order.
    /// - Parameters:
    ///   - lanes: Which deliveries go one after the other.
    ///   - onExhausted: What an exhausted one does to its lane.
    public init(_ lanes: Lanes, onExhausted: OnExhausted = .stop) {
        self.lanes = lanes
        self.onExhausted = onExhausted
    }

    /// The number of the lane that an event's delivery goes into; `nil` when it waits for no other. Two keys may share a number by chance:
    /// then one of them waits for the other, too, and no order is broken.
    package func lane(of event: Event) -> Int64? {
        switch lanes {
        case .endpoint: return 0
        case .node: return Self.number("node", event.node)
        case .key(let pointer):
            guard let data = try? JSONValue.parse(event.data), let value = pointer.value(in: data), value != .null else { return nil }
            return Self.number(pointer.text, value.text)
        }
    }

    private static func number(_ kind: String, _ value: String) -> Int64 {
        var hash = StableHash()
        hash.add(kind.utf8)
        hash.add(value.utf8)
        return Int64(bitPattern: hash.value)
    }
}

extension DeliveryOrder {
    /// Reads the members `order` and `on_exhausted` of an endpoint.
    /// - Parameter path: Where the endpoint is in its file.
    package init?(order: JSONValue?, onExhausted text: String?, at path: String) throws(InputProblem) {
        guard let order else {
            if text == nil { return nil }
            throw InputProblem(
                .notAllowed,
                field: "\(path).on_exhausted",
                reason: "says what an order does, and there is none; give order too, or leave it out"
            )
        }
        self.init(try Self.lanes(order, at: "\(path).order"))
        guard let text else { return }
        guard let choice = OnExhausted(rawValue: text) else {
            let reason = Suggestion.refusal(of: text, among: OnExhausted.allCases.map(\.rawValue))
            throw InputProblem(.unknownWord, field: "\(path).on_exhausted", value: text, reason: reason)
        }
        onExhausted = choice
    }

    private static func lanes(_ value: JSONValue, at field: String) throws(InputProblem) -> Lanes {
        let advice = "must be \"endpoint\", \"node\" or {\"key\": \"/customer/id\"}"
        switch value {
        case .string("endpoint"): return .endpoint
        case .string("node"): return .node
        case .object:
            let text: String = try ObjectReader(value, at: field, allowed: ["key"]).required("key")
            guard let pointer = JSONPointer(text) else {
                throw InputProblem(
                    field: "\(field).key",
                    value: text,
                    reason: "must be a JSON pointer into the event's data, such as /customer/id (RFC 6901)"
                )
            }
            return .key(pointer)
        case .string(let text): throw InputProblem(.unknownWord, field: field, value: text, reason: advice)
        case .null, .bool, .number, .array: throw InputProblem(field: field, held: value, reason: advice)
        }
    }

    /// The member `order` as a file has it.
    package var json: JSONValue {
        switch lanes {
        case .endpoint: .string("endpoint")
        case .node: .string("node")
        case .key(let pointer): .object([.init("key", .string(pointer.text))])
        }
    }
}

extension DeliveryOrder: CustomStringConvertible {
    /// What a person is told.
    public var description: String {
        let scope =
            switch lanes {
            case .endpoint: "one after the other"
            case .node: "one after the other of each node"
            case .key(let pointer): "one after the other of each \(pointer.text)"
            }
        return "\(scope), and an exhausted one \(onExhausted == .stop ? "stops those behind it" : "is skipped")"
    }
}
