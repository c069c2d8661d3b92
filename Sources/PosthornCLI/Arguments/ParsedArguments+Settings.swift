import PosthornSystem
import Glibc
import PosthornModel

/// Flags that are not on the command line may come from the environment, else from the settings file.
extension ParsedArguments {
    /// Names the settings file where `--settings` does not.
    static let settingsVariable = "POSTHORN_SETTINGS"

    /// What takes the place of a flag that is not on the command line, and so of its variable and its setting.
    private static let secrets = [
        "key-file": "POSTHORN_KEY", "smtp-password-file": MailArguments.variable, "proxy-password-file": OutboundArguments.variable,
    ]

    /// Variables that hold secrets themselves.
    static var secretVariables: [String] { Array(secrets.values) }

    /// The variable of a flag: `POSTHORN_CA_FILE` for `--ca-file`.
    static func variable(_ flag: String) -> String { "POSTHORN_" + SettingsFile.key(flag).uppercased() }

    /// The value of a variable of this process; `nil` where it is empty, as if it was not set.
    static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The same arguments with those settings of the command that are not on the command line: each from its variable, else from
    /// the settings file.
    /// - Parameters:
    ///   - known: The settings of all commands.
    ///   - lookUp: The value of a variable.
    func addingSettings(
        of command: CommandSpecification,
        known: [CommandSpecification.Flag],
        environment lookUp: (String) -> String? = ParsedArguments.environment
    ) throws -> ParsedArguments {
        // What is empty counts as not set.
        func environment(_ name: String) -> String? { lookUp(name).flatMap { $0.isEmpty ? nil : $0 } }
        let file = try (text("settings") ?? environment(Self.settingsVariable)).map { try SettingsFile($0, known: known) }
        var all = self
        for flag in command.settingFlags where !has(flag.name) {
            if let secret = Self.secrets[flag.name], environment(secret) != nil { continue }
            let variable = Self.variable(flag.name)
            if let text = environment(variable) {
                all.add(flag.name, try Self.values(text, flag, variable, self.command), from: variable)
            } else if let file, let values = file.values[flag.name] {
                all.add(flag.name, values, from: "\(SettingsFile.key(flag.name)) in \(file.name)")
            }
        }
        return all
    }

    /// What a variable's text means for a flag. Several values are separated by commas or blanks.
    private static func values(
        _ text: String,
        _ flag: CommandSpecification.Flag,
        _ variable: String,
        _ command: String
    ) throws(UsageProblem) -> [String] {
        if flag.isRepeatable { return text.split { $0 == "," || $0 == " " }.map(String.init) }
        if flag.value != nil { return [text] }
        switch text {
        case "1", "true", "yes": return [""]
        case "0", "false", "no": return []
        default: throw UsageProblem("\(variable): \"\(InputProblem.printable(text))\" must be 1 or 0", command: command)
        }
    }
}
