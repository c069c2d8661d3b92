import PosthornFormats
import PosthornModel
import PosthornStore

/// Why a scoped call came to nothing, beside what was wrong with its input.
package enum ScopeProblem: Error, Sendable, Equatable {
    /// There is no such thing in the tree, whether or not there is one elsewhere.
    case notFound(what: String, id: String)
    /// Its state, or another thing, is in the way.
    case conflict(String)
    /// It has changed since it was read.
    case changed
    /// The key may do it, but not so.
    case forbidden(String)
}
