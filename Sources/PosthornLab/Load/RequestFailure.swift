public import PosthornModel

/// What became of a request that was not answered 200.
public enum RequestFailure: Hashable, Sendable {
    /// An answer with another status.
    case status(Int)
    /// No answer.
    case unanswered(AttemptError)

    /// An attempt's failure; `nil` for a success.
    public init?(_ outcome: AttemptOutcome) {
        if let error = outcome.error, error != .status {
            self = .unanswered(error)
        } else if let status = outcome.status, status != 200 {
            self = .status(status)
        } else {
            return nil
        }
    }
}
