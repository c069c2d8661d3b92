import PosthornText

/// Why something a person or a program handed in was refused: which field, what it held, and what to do.
///
/// It prints as one line, and it never carries a secret: readers leave `value` empty for credentials.
public struct InputProblem: Error, Equatable, Sendable, CustomStringConvertible {
    /// Where it stands, as a path a person can follow: `endpoints[2].url`, `node`.
    public let field: String
    /// What stood there, shortened; `nil` when it is absent or secret.
    public let value: String?
    /// What is wrong and what to do about it, as half a sentence.
    public let reason: String

    /// - Parameters:
    ///   - field: The path of the field.
    ///   - value: What it held; shortened to 80 characters, control characters escaped.
    ///   - reason: What is wrong with it and how to mend it.
    public init(field: String, value: String? = nil, reason: String) {
        self.field = field
        self.value = value.map(Self.printable)
        self.reason = reason
    }

    /// The same problem further down a path: `url` inside `endpoints[2]` becomes `endpoints[2].url`.
    public func inside(_ parent: String) -> InputProblem {
        if parent.isEmpty { return self }
        let path = field.isEmpty ? parent : (field.hasPrefix("[") ? parent + field : "\(parent).\(field)")
        return InputProblem(field: path, value: value, reason: reason)
    }

    /// One line: field, value, reason.
    public var description: String {
        let subject = field.isEmpty ? "" : "\(field): "
        guard let value else { return subject + reason }
        return "\(subject)\"\(value)\" \(reason)"
    }

    /// Text made safe for one line of a terminal: at most 80 characters, hidden ones escaped.
    public static func printable(_ text: String) -> String { OneLine.text(text, limit: 80) }
}
