import PosthornModel
public import PosthornText

/// What a receiver has counted since it started.
public struct ReceiverCounts: Equatable, Sendable {
    /// Requests that carried an event.
    public var events = 0
    /// Of these, how many had been answered 200 before.
    public var duplicates = 0
    /// Of these, how many bore a signature that was not the sender's, or none.
    public var badSignatures = 0
    /// Of these, how many were of a kind that has no signature, though signatures are checked.
    public var unsigned = 0
    /// Of these, how many had a body that was no JSON.
    public var unreadable = 0
    /// Bytes in the bodies of events.
    public var bodyBytes = 0
    /// diio's validations.
    public var validations = 0
    /// Webio's questions for values.
    public var valueRequests = 0
    /// Browsers greeted.
    public var greetings = 0
    /// Requests hung up on.
    public var hangUps = 0
    /// Answers by status.
    public var byStatus: [Int: Int] = [:]

    /// Nothing yet.
    public init() {}

    mutating func add(_ arrival: ReceivedRequest) {
        switch arrival.kind {
        case .event:
            events += 1
            bodyBytes += arrival.bodyBytes
            if arrival.isDuplicate { duplicates += 1 }
            if arrival.identity?.problem != nil { unreadable += 1 }
            if case .invalid = arrival.verdict { badSignatures += 1 }
            if case .unsigned = arrival.verdict { unsigned += 1 }
        case .validation: validations += 1
        case .valueRequest: valueRequests += 1
        case .greeting: greetings += 1
        }
        if let status = arrival.status { byStatus[status, default: 0] += 1 } else { hangUps += 1 }
    }

    /// The counts as one JSON object.
    public var json: JSONValue {
        func number(_ key: String, _ value: Int) -> JSONValue.Member { .init(key, .number(String(value))) }
        return .object([
            number("events", events), number("duplicates", duplicates), number("bad_signatures", badSignatures),
            number("unsigned", unsigned), number("unreadable", unreadable), number("body_bytes", bodyBytes),
            number("validations", validations), number("value_requests", valueRequests), number("greetings", greetings),
            number("hang_ups", hangUps),
            .init("by_status", .object(byStatus.sorted { $0.key < $1.key }.map { number(String($0.key), $0.value) })),
        ])
    }
}
