import PosthornText
import PosthornModel
import PosthornText

/// A command line as a report may show it: with everything that is needed to run it again but the secrets.
enum RepeatableCommand {
    /// The line for a shell.
    /// - Parameters:
    ///   - arguments: What was given.
    ///   - specification: The command, whose order the flags have.
    ///   - extra: Flags that were not given and whose values would be others the next time.
    static func line(
        _ arguments: ParsedArguments,
        _ specification: CommandSpecification,
        adding extra: [(flag: String, value: String)]
    ) -> String {
        var words = ["posthorn"] + specification.name.split(separator: " ").map(String.init)
        words += arguments.positionals.map { quoted(MaskedURL.text($0)) }
        // What a file of a load says is among the flags already.
        for flag in specification.allFlags where flag.name != LoadFile.flag.name {
            for value in arguments.all(flag.name) {
                words.append("--\(flag.name)")
                if flag.value != nil { words.append(quoted(shown(value, of: flag.name))) }
            }
        }
        for (flag, value) in extra where !arguments.has(flag) { words += ["--\(flag)", quoted(value)] }
        return words.joined(separator: " ")
    }

    /// A value without its secret.
    private static func shown(_ value: String, of flag: String) -> String {
        switch flag {
        case "credential": return value.prefix { $0 != "=" } + "=…"
        case "header": return header(value)
        case "rotate-to": return "…"
        case "ledger" where value.contains("://"): return MaskedURL.text(value)
        default: return value
        }
    }

    /// A header's value may be a secret, whatever its name is.
    private static func header(_ line: String) -> String { line.prefix { $0 != ":" } + ": …" }

    /// More than any machine takes as one argument.
    private static let limit = 1 << 21

    private static func quoted(_ word: String) -> String { ShellWord.quoted(word, limit: limit) }
}
