import PosthornModel
import PosthornText

/// A command line taken apart according to a specification.
struct ParsedArguments: Equatable, Sendable {
    /// Values by flag, in the order they stood; a flag without a value counts as one empty text.
    private(set) var values: [String: [String]] = [:]
    /// Where values come from that were not on the command line, by flag.
    private var sources: [String: String] = [:]
    /// What stood without a flag.
    private(set) var positionals: [String] = []
    /// The command's name, so that a problem with a value points to that command's help.
    let command: String

    /// Takes `words` apart, as ``ArgumentWords`` separates flags and values.
    ///
    /// - Throws: A ``UsageProblem`` for an unknown flag, a missing or superfluous value, and too few or too many arguments.
    init(_ words: [String], for command: CommandSpecification) throws(UsageProblem) {
        self.command = command.name
        var rest = ArgumentWords(words[...])
        while let word = rest.next() {
            switch word {
            case .plain(let text): positionals.append(text)
            case .flag(let written, let attached): try takeFlag(written, attached, &rest, command)
            }
        }
        if has("help") { return }
        try checkCounts(command)
    }

    private mutating func takeFlag(
        _ written: String,
        _ attached: String?,
        _ rest: inout ArgumentWords,
        _ command: CommandSpecification
    ) throws(UsageProblem) {
        let name = written == "-h" ? "help" : String(written.dropFirst(2))
        guard written == "-h" || written.hasPrefix("--"), let flag = command.allFlags.first(where: { $0.name == name }) else {
            let names = command.allFlags.map { "--" + $0.name }
            throw UsageProblem(
                "unknown flag \(TerminalText.text(written))" + Suggestion.clause(for: written, among: names),
                command: command.name
            )
        }
        if values[name] != nil, !flag.isRepeatable, flag.value != nil {
            throw UsageProblem("--\(name) is given twice; give it once", command: command.name)
        }
        guard let placeholder = flag.value else {
            if let attached {
                throw UsageProblem("--\(name) takes no value; leave \"=\(TerminalText.text(attached))\" out", command: command.name)
            }
            values[name] = [""]
            return
        }
        guard let value = rest.value(attached) else {
            throw UsageProblem("--\(name) needs a value: --\(name) \(placeholder)", command: command.name)
        }
        values[name, default: []].append(value)
    }

    private func checkCounts(_ command: CommandSpecification) throws(UsageProblem) {
        let needed = command.positionals.filter { $0.count == .one }.count
        if positionals.count < needed {
            let missing = command.positionals.filter { $0.count == .one }[positionals.count]
            throw UsageProblem("\(missing.name) is missing: \(missing.summary)", command: command.name)
        }
        if command.positionals.contains(where: { $0.count == .many }) { return }
        if positionals.count > command.positionals.count {
            let extra = TerminalText.text(positionals[command.positionals.count])
            throw UsageProblem("\"\(extra)\" is one argument too many; leave it out", command: command.name)
        }
    }

    // MARK: Asking

    /// Whether a flag stood there.
    func has(_ flag: String) -> Bool { values[flag] != nil }

    /// A flag's value.
    func text(_ flag: String) -> String? { values[flag]?.last }

    /// All values of a repeatable flag.
    func all(_ flag: String) -> [String] { values[flag] ?? [] }

    /// How messages name a flag: by where its value comes from.
    func label(_ flag: String) -> String { sources[flag] ?? "--\(flag)" }

    /// Whether a flag is on the command line itself.
    func isGiven(_ flag: String) -> Bool { has(flag) && sources[flag] == nil }

    /// Takes values from elsewhere; none for a flag that is switched off there.
    mutating func add(_ flag: String, _ texts: [String], from source: String) {
        if texts.isEmpty { return }
        values[flag] = texts
        sources[flag] = source
    }

    /// Takes what could be there without a flag from elsewhere.
    mutating func add(positionals texts: [String]) { positionals += texts }

    /// What is on the command line alone.
    var givenAlone: ParsedArguments {
        var copy = self
        for flag in sources.keys { copy.values[flag] = nil }
        copy.sources = [:]
        return copy
    }

    /// The same with the values that `other` has of a flag.
    func taking(_ flag: String, from other: ParsedArguments) -> ParsedArguments {
        var copy = self
        copy.values[flag] = other.values[flag]
        copy.sources[flag] = other.sources[flag]
        return copy
    }

    /// The flags of `a` with those of `b` on top.
    func adding(_ flag: String, _ value: String?) -> ParsedArguments {
        guard let value, values[flag] == nil else { return self }
        var copy = self
        copy.values[flag] = [value]
        return copy
    }
}

/// The command line was not understood: exit status 2.
struct UsageProblem: Error, Equatable, CustomStringConvertible {
    /// What is wrong and how to mend it.
    let message: String
    /// The command whose help says more; empty for `posthorn` itself.
    let command: String

    init(_ message: String, command: String = "") {
        self.message = message
        self.command = command
    }

    var description: String {
        "\(message)\(message.hasSuffix("?") ? " See" : "; see") posthorn \(command.isEmpty ? "" : command + " ")--help"
    }
}
