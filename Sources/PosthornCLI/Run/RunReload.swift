import Posthorn
import PosthornModel
import Synchronization

/// SIGHUP: the settings are read again, what can be changed in a running engine is, and the log names what waits for a restart.
final class RunReload: Sendable {
    /// Settings that a running engine takes over.
    static let applicable: Set<String> = ["log-level", "drain", "smtp", "mail-from", "smtp-password-file", "smtp-allow-plain"]

    private let current: Mutex<ParsedArguments>

    init(_ arguments: ParsedArguments) { current = Mutex(arguments) }

    /// What differs, by what can be done about it; in the order of the names.
    struct Difference: Equatable {
        var applied: [String] = []
        var needsRestart: [String] = []
    }

    static func difference(_ old: ParsedArguments, _ new: ParsedArguments, hasMail: Bool) -> Difference {
        var difference = Difference()
        for flag in RunCommand.specification.settingFlags.map(\.name).sorted() where old.all(flag) != new.all(flag) {
            // A mail server cannot come or go: it belongs to what an engine starts with.
            let isOfMail = MailArguments.flags.contains { $0.name == flag }
            let isApplicable = applicable.contains(flag) && (!isOfMail || (hasMail && new.has("smtp")))
            if isApplicable { difference.applied.append(flag) } else { difference.needsRestart.append(flag) }
        }
        return difference
    }

    /// Reads the settings and applies them.
    /// - Parameters:
    ///   - read: The arguments as they would be now.
    ///   - apply: Applies those settings that can be.
    /// - Returns: A line for the log.
    func reload(
        hasMail: Bool,
        _ read: (ParsedArguments) throws -> ParsedArguments,
        _ apply: (ParsedArguments) throws -> Void
    ) -> LogRecord {
        current.withLock { current in
            do {
                var new = try read(current.givenAlone)
                let difference = Self.difference(current, new, hasMail: hasMail)
                for flag in difference.needsRestart { new = new.taking(flag, from: current) }
                try apply(new)
                current = new
                return Self.record(difference)
            } catch {
                return LogRecord(
                    .error,
                    "reload_failed",
                    "the settings cannot be used, so nothing was changed: \((error as? UsageProblem)?.message ?? Program.message(of: error))"
                )
            }
        }
    }

    static func record(_ difference: Difference) -> LogRecord {
        let applied = difference.applied.map(SettingsFile.key).joined(separator: ",")
        let waiting = difference.needsRestart.map(SettingsFile.key).joined(separator: ",")
        let fields = [("applied", applied), ("needs_restart", waiting)].filter { !$0.1.isEmpty }.map { LogRecord.Field($0.0, $0.1) }
        if !waiting.isEmpty {
            return LogRecord(
                .warn,
                "reloaded",
                "the settings were read again; some of what has changed takes effect with a restart",
                fields
            )
        }
        let sentence = applied.isEmpty ? "the settings were read again; none has changed" : "the settings were read again and are in force"
        return LogRecord(.info, "reloaded", sentence, fields)
    }
}
