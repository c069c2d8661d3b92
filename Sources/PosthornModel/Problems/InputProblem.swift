import PosthornText

/// Why something a person or a program handed in was refused: which field, what it held, and what to do.
///
/// It prints as one line, and it never carries a secret: readers leave `value` empty for credentials.
public struct InputProblem: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kinds of refusal, fit for a metric's label and for deciding what to do next.
    public enum Code: String, Sendable, CaseIterable {
        /// It does not have the form that the field takes.
        case malformed
        /// The field is required and was not given.
        case missing
        /// It has more bytes or more parts than are allowed.
        case tooLarge = "too_large"
        /// A number, a time or a length is outside of what is allowed.
        case outOfRange = "out_of_range"
        /// A name is not one of those that are known there: a member of JSON, or one of a closed list of values.
        case unknownWord = "unknown_word"
        /// It names something that does not exist.
        case notFound = "not_found"
        /// Something else exists already under that name, with other content.
        case conflict
        /// Two settings exclude each other, or the value does not go with the endpoint's format.
        case incompatible
        /// It is never allowed there, such as a header that Posthorn writes or an address that the egress guard forbids.
        case notAllowed = "not_allowed"
        /// It is not allowed as things are, and may be later.
        case notAllowedNow = "not_allowed_now"
        /// A signature, a key or a token is not the right one.
        case mismatch
        /// A receiver did not answer, or not with what was asked for.
        case badAnswer = "bad_answer"
        /// This machine could not do it: a library failed, or a resource is used up.
        case machine

        /// What it means, for documents.
        public var sentence: String {
            switch self {
            case .malformed: "The value does not have the form that the field takes."
            case .missing: "The field is required and was not given."
            case .tooLarge: "The value has more bytes or parts than are allowed."
            case .outOfRange: "A number, a time or a length is outside of what is allowed."
            case .unknownWord: "A name is not one of those that are known there: a member of JSON, or one of a closed list of values."
            case .notFound: "The value names something that does not exist."
            case .conflict: "Something else exists already under that name, with other content."
            case .incompatible: "Two settings exclude each other, or the value does not go with the endpoint's format."
            case .notAllowed: "The value is never allowed there, such as a header that Posthorn writes or an address that is forbidden."
            case .notAllowedNow: "It is not allowed as things are, and may be later."
            case .mismatch: "A signature, a key or a token is not the right one."
            case .badAnswer: "A receiver did not answer, or not with what was asked for."
            case .machine: "This machine could not do it: a library failed, or a resource is used up."
            }
        }
    }

    /// What kind of refusal it is.
    public let code: Code
    /// Where it is, as a path a person can follow: `endpoints[2].url`, `node`.
    public let field: String
    /// What was there, shortened; `nil` when it is absent or secret.
    public let value: String?
    /// What is wrong and, where it lies in the value, what to do about it, as half a sentence.
    public let reason: String
    /// What to do about it, where the words depend on how Posthorn is used.
    public let remedy: Remedy?

    /// - Parameters:
    ///   - code: What kind of refusal it is.
    ///   - field: The path of the field.
    ///   - value: What it held; shortened to 80 characters, control characters escaped.
    ///   - reason: What is wrong with it and how to mend it.
    ///   - remedy: How to mend it, where the words depend on how Posthorn is used.
    public init(_ code: Code = .malformed, field: String, value: String? = nil, reason: String, remedy: Remedy? = nil) {
        self.code = code
        self.field = field
        self.value = value.map(Self.printable)
        self.reason = reason
        self.remedy = remedy
    }

    /// The same problem further down a path: `url` inside `endpoints[2]` becomes `endpoints[2].url`.
    public func inside(_ parent: String) -> InputProblem {
        if parent.isEmpty { return self }
        return at(field.isEmpty ? parent : (field.hasPrefix("[") ? parent + field : "\(parent).\(field)"))
    }

    /// The same problem of another field.
    public func at(_ field: String) -> InputProblem {
        InputProblem(code, field: field, value: value, reason: reason, remedy: remedy)
    }

    /// One line: field, value, reason, and what to do.
    public var description: String { text { $0.sentence } }

    /// One line with a remedy in words of the caller's.
    /// - Parameter wording: Says a remedy as half a sentence.
    public func text(wording: (Remedy) -> String) -> String {
        let subject = field.isEmpty ? "" : "\(field): "
        let end = remedy.map { "; \(wording($0))" } ?? ""
        guard let value else { return subject + reason + end }
        return "\(subject)\"\(value)\" \(reason)\(end)"
    }

    /// Text made safe for one line of a terminal: at most 80 characters, hidden ones escaped.
    public static func printable(_ text: String) -> String { OneLine.text(text, limit: 80) }
}
