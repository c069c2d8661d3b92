package import PosthornModel
import PosthornText

/// What became of events that were handed in through a scope.
package enum ScopedEmission: Sendable {
    /// What became of each, in their order. Those that were accepted are on disk.
    case done([Result<EmittedEvent, InputProblem>])
    /// Some were refused, so that nothing was stored; each that was is here, by its position.
    case refused([Int: InputProblem])
}
