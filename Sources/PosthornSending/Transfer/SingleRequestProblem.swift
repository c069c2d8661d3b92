import CPosthornCurl
public import PosthornModel
import PosthornText
import PosthornSystem
import Synchronization

/// Why a ``SingleRequest`` has no answer.
public struct SingleRequestProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// The class of the failure.
    public let error: AttemptError
    /// The detail for an operator; never a secret.
    public let text: String

    init(_ error: AttemptError, _ text: String) {
        self.error = error
        self.text = text
    }

    /// The sentence for the class, and the detail.
    public var description: String { text.isEmpty ? error.sentence : "\(error.sentence) (\(text))" }
}
