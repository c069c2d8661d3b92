public import PosthornModel

/// An event of a batch that was refused, so that nothing of the batch was stored.
public struct EmitRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// Which event, counted from 0.
    public let index: Int
    /// Why.
    public let problem: InputProblem

    /// Text for one line.
    public var description: String { "event \(index + 1): \(problem)" }
}
