import Glibc
import PosthornText

/// Variables of the environment that look like settings and are none: a mistyped one would otherwise change nothing without a word.
enum UnknownVariables {
    private static let prefix = "POSTHORN_"

    /// Variables that are read and are no flag's.
    private static var others: [String] {
        [ParsedArguments.settingsVariable, Program.dumpableVariable] + ParsedArguments.secretVariables
    }

    /// Kubernetes gives each container such variables about every service, one named posthorn among them.
    private static func isOfService(_ name: String) -> Bool {
        ["SERVICE_HOST", "SERVICE_PORT", "PORT"].contains { part in
            name == prefix + part || name.hasPrefix("\(prefix)\(part)_")
        }
    }

    /// A line for each variable that has no effect on any command.
    /// - Parameters:
    ///   - names: The names of the variables that are set.
    ///   - settings: The settings of all commands.
    static func warnings(_ names: [String], _ settings: [CommandSpecification.Flag]) -> [String] {
        let known = Set(settings.map { ParsedArguments.variable($0.name) } + others)
        return names.filter { $0.hasPrefix(prefix) && !known.contains($0) && !isOfService($0) }.sorted().map { name in
            // Without what they all begin with, which would make each of them look near.
            let words = known.sorted().map { String($0.dropFirst(prefix.count)) }
            let near = Suggestion.nearest(to: String(name.dropFirst(prefix.count)), among: words)
            let advice = near.map { "did you mean \(prefix)\($0)?" } ?? "known are \(known.sorted().joined(separator: ", "))"
            return "the variable \(TerminalText.text(name)) is not known and has no effect; \(advice)"
        }
    }

    /// The names of this process's variables.
    static func names() -> [String] {
        var names: [String] = []
        var place = environ
        while let entry = place.pointee {
            names.append(String(String(cString: entry).prefix { $0 != "=" }))
            place += 1
        }
        return names
    }
}
