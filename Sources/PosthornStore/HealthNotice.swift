public import PosthornText

/// Word that an endpoint will be disabled, or was.
public struct HealthNotice: Sendable, Hashable {
    /// How much of the time until it is disabled is over, in percent; 100 when it is disabled.
    public let percent: Int
    /// What the last failed attempt came to.
    public let reason: String
    /// How many attempts have failed in a row.
    public let failures: Int
    /// Since when.
    public let failingSince: Timestamp
    /// When it is disabled if nothing succeeds until then; when it was, for one that is.
    public let disabled: Timestamp

    /// Creates a notice.
    public init(percent: Int, reason: String, failures: Int, failingSince: Timestamp, disabled: Timestamp) {
        self.percent = percent
        self.reason = reason
        self.failures = failures
        self.failingSince = failingSince
        self.disabled = disabled
    }

    /// The notice as a store may keep it.
    package var json: JSONValue {
        .object([
            .init("percent", .number(String(percent))), .init("reason", .string(reason)), .init("failures", .number(String(failures))),
            .init("failing_since", .number(String(failingSince.milliseconds))),
            .init("disabled", .number(String(disabled.milliseconds))),
        ])
    }

    /// One that was kept; `nil` for what is none.
    package init?(json value: JSONValue) {
        func number(_ key: String) -> Int64? { if case .number(let text)? = value[key] { Int64(text) } else { nil } }
        guard let percent = number("percent"), case .string(let reason)? = value["reason"], let failures = number("failures"),
            let since = number("failing_since"), let disabled = number("disabled")
        else { return nil }
        self.init(
            percent: Int(percent),
            reason: reason,
            failures: Int(failures),
            failingSince: Timestamp(milliseconds: since),
            disabled: Timestamp(milliseconds: disabled)
        )
    }
}
