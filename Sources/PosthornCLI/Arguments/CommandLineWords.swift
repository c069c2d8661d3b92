import PosthornModel
import PosthornText

/// The words after `posthorn`: which command they call, and what is left for it.
struct CommandLineWords {
    /// What is asked for.
    enum Request: Equatable {
        case version
        case programHelp
        case groupHelp(String)
        /// A command by its place in the list, with the words that belong to it.
        case command(Int, [String])
        case problem(UsageProblem)
    }

    /// `--db` before the command.
    private(set) var database: String?
    /// `--json` before the command.
    private(set) var json = false
    /// What is asked for.
    private(set) var request = Request.programHelp

    init(_ words: [String], names: [String] = Program.commands.map { $0.specification.name }) {
        var rest = words[...]
        do throws(UsageProblem) { request = try Self.request(&rest, names, &database, &json) } catch {
            request = .problem(error)
        }
    }

    private static func request(
        _ rest: inout ArraySlice<String>,
        _ names: [String],
        _ database: inout String?,
        _ json: inout Bool
    ) throws(UsageProblem) -> Request {
        while let word = rest.first, word.hasPrefix("-") {
            rest.removeFirst()
            switch word {
            case "--help", "-h": return .programHelp
            case "--version", "-V": return .version
            case "--json": json = true
            case "--db":
                guard let file = rest.popFirst() else { throw UsageProblem("--db needs a value: --db FILE") }
                database = file
            case _ where word.hasPrefix("--db="): database = String(word.dropFirst(5))
            default:
                let known = ["--db", "--json", "--help", "--version"]
                throw UsageProblem(
                    "unknown flag \(TerminalText.text(word)) before the command" + Suggestion.clause(for: word, among: known)
                )
            }
        }
        guard let first = rest.popFirst() else {
            if database != nil || json { throw UsageProblem("a command is missing") }
            return .programHelp
        }
        if first == "help" { return try help(rest, names) }
        return try command(first, rest, names)
    }

    private static func command(
        _ first: String,
        _ rest: ArraySlice<String>,
        _ names: [String]
    ) throws(UsageProblem) -> Request {
        // A command that has others below it: `load`, and `load compare`.
        if let second = rest.first, names.contains(first), let index = names.firstIndex(of: "\(first) \(second)") {
            return .command(index, Array(rest.dropFirst()))
        }
        if let index = names.firstIndex(of: first) { return .command(index, Array(rest)) }
        let group = names.filter { $0.hasPrefix(first + " ") }
        guard !group.isEmpty else {
            throw UsageProblem("unknown command \"\(TerminalText.text(first))\"" + suggestion(for: first, names))
        }
        let seconds = group.map { String($0.dropFirst(first.count + 1)) }
        guard let second = rest.first, second != "--help", second != "-h" else {
            if rest.isEmpty {
                throw UsageProblem("\(first) needs one of \(seconds.joined(separator: ", "))", command: first)
            }
            return .groupHelp(first)
        }
        guard let index = names.firstIndex(of: "\(first) \(second)") else {
            throw UsageProblem(
                "unknown command \"\(first) \(TerminalText.text(second))\"" + Suggestion.clause(for: second, among: seconds),
                command: first
            )
        }
        return .command(index, Array(rest.dropFirst()))
    }

    /// A word that is the second one of a command, such as `disable`, was most likely meant as that.
    private static func suggestion(for word: String, _ names: [String]) -> String {
        let whole = names.filter { $0.hasSuffix(" " + word) }.map { "posthorn \($0)" }
        if !whole.isEmpty { return " (did you mean \(whole.joined(separator: " or "))?)" }
        return Suggestion.clause(for: word, among: names.map { String($0.prefix { $0 != " " }) })
    }

    private static func help(_ words: ArraySlice<String>, _ names: [String]) throws(UsageProblem) -> Request {
        guard let first = words.first else { return .programHelp }
        return try command(first, words.dropFirst() + ["--help"], names)
    }
}
