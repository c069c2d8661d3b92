import PosthornModel

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
        words += arguments.positionals.map(quoted)
        for flag in specification.allFlags {
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
        case "rotate-to": return "…"
        default: return value
        }
    }

    /// A word as a POSIX shell takes it.
    static func quoted(_ word: String) -> String {
        let isPlain =
            !word.isEmpty
            && word.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: return true
                default: return "-_./:=,@%+…".utf8.contains(byte)
                }
            }
        return isPlain ? word : "'" + word.replacing("'", with: #"'\''"#) + "'"
    }
}
