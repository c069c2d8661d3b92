import PosthornBenchReports
import PosthornModel

/// An option of a benchmark: its flag, what it means, and where its value goes.
struct BenchOption<Subject> {
    /// As it is typed, with its dashes.
    let flag: String
    /// What stands for the value in the help; empty for an option without one.
    let placeholder: String
    /// What it means.
    let meaning: String
    private let get: (Subject) -> String
    private let set: (inout Subject, String) throws -> Void

    /// A whole number above 0.
    static func count(
        _ flag: String,
        _ placeholder: String,
        _ meaning: String,
        _ path: WritableKeyPath<Subject, Int>
    ) -> BenchOption {
        BenchOption(flag: flag, placeholder: placeholder, meaning: meaning, get: { String($0[keyPath: path]) }) { subject, text in
            guard let number = Int(text), number > 0 else {
                throw BenchProblem.usage("\(flag) wants a whole number above 0, not \(InputProblem.printable(text))")
            }
            subject[keyPath: path] = number
        }
    }

    /// Any text; empty when it is not given.
    static func text(
        _ flag: String,
        _ placeholder: String,
        _ meaning: String,
        _ path: WritableKeyPath<Subject, String>
    ) -> BenchOption {
        BenchOption(flag: flag, placeholder: placeholder, meaning: meaning, get: { $0[keyPath: path] }) { subject, text in
            subject[keyPath: path] = text
        }
    }

    /// Said or not; without a value.
    static func flag(_ flag: String, _ meaning: String, _ path: WritableKeyPath<Subject, Bool>) -> BenchOption {
        BenchOption(flag: flag, placeholder: "", meaning: meaning, get: { _ in "" }) { subject, _ in subject[keyPath: path] = true }
    }

    /// Whether something follows the flag.
    var takesValue: Bool { !placeholder.isEmpty }

    /// As it is typed, for the help.
    var typed: String { takesValue ? "\(flag) \(placeholder)" : flag }

    private init(
        flag: String,
        placeholder: String,
        meaning: String,
        get: @escaping (Subject) -> String,
        set: @escaping (inout Subject, String) throws -> Void
    ) {
        self.flag = flag
        self.placeholder = placeholder
        self.meaning = meaning
        self.get = get
        self.set = set
    }

    /// The value in a subject, for the help.
    func show(_ subject: Subject) -> String { get(subject) }

    /// Reads what follows the flag.
    func read(_ text: String?, into subject: inout Subject) throws {
        if !takesValue { return try set(&subject, "") }
        guard let text else { throw BenchProblem.usage("\(flag) wants \(placeholder) behind it") }
        try set(&subject, text)
    }
}
