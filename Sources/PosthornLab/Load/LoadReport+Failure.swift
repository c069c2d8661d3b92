import PosthornModel

extension LoadReport {
    /// What most requests met, where those that a receiver should answer 200 were not once: it took nothing at all. `nil` when
    /// one was answered 200, or none was sent that should have been.
    public var failureOfAll: RequestFailure? {
        var failures: [RequestFailure: UInt64] = [:]
        for kind in kinds where !kind.kind.isToBeRefused(signsTime: signsTime) {
            if kind.statuses.contains(where: { $0.value > 0 && plan.isSuccess($0.key) }) { return nil }
            for (status, count) in kind.statuses { failures[.status(status), default: 0] += count }
            for (name, count) in kind.failures { failures[.unanswered(AttemptError(rawValue: name) ?? .other), default: 0] += count }
        }
        // Of equally common ones always the same.
        return failures.max { ($0.value, "\($0.key)") < ($1.value, "\($1.key)") }?.key
    }

    /// The detail of one such failure; empty for a status.
    public func errorText(of failure: RequestFailure) -> String {
        guard case .unanswered(let error) = failure else { return "" }
        return errorTexts[error.rawValue] ?? ""
    }
}
