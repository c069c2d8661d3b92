/// Why bytes are not the JSON that Posthorn accepts, and where.
public struct JSONProblem: Error, Equatable, Sendable, CustomStringConvertible {
    /// Bytes from the start of the text.
    public let offset: Int
    /// What is wrong there, as half a sentence.
    public let reason: String

    /// Text for one line.
    public var description: String { "not valid JSON at byte \(offset + 1): \(reason)" }
}
