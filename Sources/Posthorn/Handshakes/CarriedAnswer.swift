package import PosthornModel

/// What a transport of tests answers.
package enum CarriedAnswer: Sendable {
    case status(Int, body: [UInt8])
    /// None came.
    case failure(AttemptError)
}
