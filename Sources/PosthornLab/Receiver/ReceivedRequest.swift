import PosthornModel
public import PosthornText

/// One request that a receiver got, and what it answered.
public struct ReceivedRequest: Sendable {
    /// What the request was.
    public enum Kind: String, Sendable {
        /// A webhook.
        case event
        /// diio's check that the receiver is there: it wants its `echo_string` back.
        case validation
        /// Webio's question for values of a customer.
        case valueRequest = "value_request"
        /// A browser, or whoever else looks in.
        case greeting
    }

    /// Counted from 1.
    public let number: Int
    /// When it had arrived whole.
    public let time: Timestamp
    /// What it was.
    public let kind: Kind
    /// Its method.
    public let method: String
    /// Its path.
    public let path: String
    /// Whose address it came from.
    public let remoteAddress: String
    /// Which event it carries; `nil` when it is none.
    public let identity: EventIdentity?
    /// Bytes of its body.
    public let bodyBytes: Int
    /// What its signature is worth.
    public let verdict: ReceiverVerdict
    /// How often the event has come, this time included; 0 when it is no event.
    public let times: Int
    /// Whether the event was answered 200 before.
    public let isDuplicate: Bool
    /// Whether it is an event that is answered 200 for the first time, or will be after its delay.
    public let isNew: Bool
    /// How often the receiver processes the event now: once when it takes it, 0 for a duplicate or a refusal; faults make it
    /// otherwise.
    public let timesProcessed: Int
    /// The status of the answer; `nil` when the receiver hangs up.
    public let status: Int?
    /// How long the answer is held back.
    public let delayMilliseconds: Int

    /// One line for people.
    public var line: String {
        var words = [String(time.description.dropFirst(11).dropLast()), printable(method), printable(path)]
        switch kind {
        case .event:
            words.append(identity?.type.map(printable) ?? "(no type)")
            words.append(identity?.id.map(printable) ?? "(no id)")
            words.append("\(bodyBytes) bytes")
            if times > 1 { words.append(isDuplicate ? "duplicate, time \(times)" : "time \(times)") }
        case .validation, .valueRequest, .greeting: words.append(kind.rawValue)
        }
        if let problem = identity?.problem { words.append(printable(problem)) }
        switch verdict {
        case .unchecked: break
        case .valid: words.append("signature ok")
        case .unsigned(let reason): words.append("NOT SIGNED (\(printable(reason)))")
        case .invalid(let reason): words.append("BAD SIGNATURE (\(printable(reason)))")
        }
        words.append("-> " + (status.map(String.init) ?? "hang up"))
        if delayMilliseconds > 0 { words.append("after \(delayMilliseconds) ms") }
        return words.joined(separator: "  ")
    }

    private func printable(_ text: String) -> String { InputProblem.printable(text) }

    /// One JSON object for programs, without a line end.
    public var json: [UInt8] {
        var writer = JSONWriter()
        writer.write(
            .object([
                .init("number", .number(String(number))),
                .init("time", .string(time.description)),
                .init("kind", .string(kind.rawValue)),
                .init("method", .string(method)),
                .init("path", .string(path)),
                .init("address", .string(remoteAddress)),
                .init("type", text(identity?.type)),
                .init("id", text(identity?.id)),
                .init("attempt", identity?.attempt.map { .number(String($0)) } ?? .null),
                .init("bytes", .number(String(bodyBytes))),
                .init("problem", text(identity?.problem)),
                .init("signature", text(verdictName)),
                .init("signature_problem", text(verdictReason)),
                .init("times", .number(String(times))),
                .init("duplicate", .bool(isDuplicate)),
                .init("status", status.map { .number(String($0)) } ?? .null),
                .init("delay_ms", .number(String(delayMilliseconds))),
            ])
        )
        return writer.bytes
    }

    private func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }

    private var verdictName: String? {
        switch verdict {
        case .unchecked: return nil
        case .valid: return "valid"
        case .unsigned: return "unsigned"
        case .invalid: return "invalid"
        }
    }

    private var verdictReason: String? {
        switch verdict {
        case .unchecked, .valid: return nil
        case .unsigned(let reason), .invalid(let reason): return reason
        }
    }
}
