public import PosthornModel
public import PosthornText

/// What an engine deletes of what has ended, and when it last looked.
public struct RetentionFacts: Sendable, Hashable {
    /// How long everything is kept; one that names no length keeps all of it.
    public var policy: RetentionPolicy
    /// When it last went through the outbox to the end; `nil` when it has not yet.
    public var lookedAt: Timestamp?

    /// Facts.
    public init(policy: RetentionPolicy, lookedAt: Timestamp? = nil) {
        self.policy = policy
        self.lookedAt = lookedAt
    }
}

extension RetentionFacts {
    /// The name under which a store keeps it, as a JSON object.
    package static let name = "note_retention"

    /// What ``stored`` has written; `nil` when it means nothing.
    package init?(stored text: String) {
        guard let value = try? JSONValue.parse(Array(text.utf8)), case .array(let keep)? = value["keep"],
            var policy = try? RetentionPolicy(keep.compactMap(\.stringValue))
        else { return nil }
        policy.keepPayloadsMilliseconds = value["keep_payloads"]?.stringValue.flatMap(RetrySchedule.Duration.milliseconds)
        self.init(policy: policy, lookedAt: value["looked"]?.stringValue.flatMap(Int64.init).map(Timestamp.init(milliseconds:)))
    }

    package var stored: String {
        var members = [JSONValue.Member("keep", .array(policy.words.map(JSONValue.string)))]
        if let payloads = policy.payloadsWord { members.append(JSONValue.Member("keep_payloads", .string(payloads))) }
        if let lookedAt { members.append(JSONValue.Member("looked", .string(String(lookedAt.milliseconds)))) }
        return JSONValue.object(members).text
    }
}
