import CPosthornCurl
public import PosthornModel

/// A job with its result.
public struct SendResult: Sendable {
    /// The job.
    public let job: SendJob
    /// Its result.
    public let outcome: AttemptOutcome

    /// Creates a result.
    public init(job: SendJob, outcome: AttemptOutcome) {
        self.job = job
        self.outcome = outcome
    }
}
