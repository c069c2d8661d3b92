/// Commands that change something, for the list of changes.
enum NotedCommands {
    static let names: Set<String> = [
        "apply", "retry", "resend", "cancel", "skip", "node remove", "endpoint remove", "endpoint enable", "endpoint disable",
        "endpoint verify", "endpoint rotate", "key create", "key revoke", "replay create", "replay cancel", "prune", "rekey",
    ]

    /// What a command that was done changed; `nil` when it is not one of these, or only said what it would do.
    static func subject(_ command: String, _ arguments: ParsedArguments) -> String?? {
        guard names.contains(command), !arguments.has("dry-run") else { return nil }
        // A file's name says nothing of what was in it, and many numbers are no one thing.
        return .some(command != "apply" && arguments.positionals.count == 1 ? arguments.positionals[0] : nil)
    }
}
