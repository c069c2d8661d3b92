/// Why a text is no range of addresses.
public struct CIDRProblem: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong and what to do about it, to be said behind the text.
    public let reason: String

    /// The reason.
    public var description: String { reason }
}
