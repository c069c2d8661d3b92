/// Why bytes are not the JSON that Posthorn accepts, and where.
public struct JSONProblem: Error, Equatable, Sendable, CustomStringConvertible {
    /// Bytes from the start of the text.
    public let offset: Int
    /// What is wrong there, as half a sentence.
    public let reason: String
    /// Whether the text is no JSON for a reason that is not at one place of it, such as its encoding.
    public let isOfAnotherKind: Bool

    /// A problem at a place of a text.
    public init(offset: Int, reason: String, isOfAnotherKind: Bool = false) {
        self.offset = offset
        self.reason = reason
        self.isOfAnotherKind = isOfAnotherKind
    }

    /// Text for one line.
    public var description: String { isOfAnotherKind ? reason : "not valid JSON at byte \(offset + 1): \(reason)" }
}
