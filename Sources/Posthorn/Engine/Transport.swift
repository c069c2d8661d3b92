package import PosthornModel

/// Answers requests without a socket.
package typealias Transport = @Sendable (CarriedRequest) -> AttemptOutcome
