/// What a command takes, in a form that the parser, the help text and the tests all read.
struct CommandSpecification: Sendable {
    /// The words that call it: `emit`, `endpoint list`.
    let name: String
    /// One line for the list of commands.
    let summary: String
    /// What stands without a flag, in order.
    var positionals: [Positional] = []
    /// Its own flags; those that every command has come on top.
    var flags: [Flag] = []
    /// Whether it works on an outbox, and so takes `--db`.
    var usesOutbox = true
    /// Flags of its own that may come from the environment and the settings file as well, beside those of the outbox.
    var settings: [String] = []
    /// What a person should know beyond the flags, a paragraph each.
    var details: [String] = []
    /// Command lines that can be pasted.
    let examples: [String]

    /// Something that stands on the command line without a flag.
    struct Positional: Sendable {
        /// In capitals, as the help shows it.
        let name: String
        /// How often it may stand there.
        let count: Count
        /// One line for the help.
        let summary: String

        enum Count: Sendable { case one, optional, many }
    }

    /// A flag, with two dashes before its name.
    struct Flag: Sendable {
        let name: String
        /// What its value is called; `nil` for a flag that is there or not.
        let value: String?
        let isRepeatable: Bool
        /// One line for the help.
        let summary: String

        /// A flag with a value.
        init(_ name: String, _ value: String, isRepeatable: Bool = false, _ summary: String) {
            self.name = name
            self.value = value
            self.isRepeatable = isRepeatable
            self.summary = summary
        }

        /// A flag that is there or not.
        init(_ name: String, _ summary: String) {
            self.name = name
            value = nil
            isRepeatable = false
            self.summary = summary
        }
    }

    /// Its own flags and those that every command has.
    var allFlags: [Flag] {
        flags + (usesOutbox ? [Self.database, Self.keyFile] : []) + (settingFlags.isEmpty ? [] : [Self.settingsFile])
            + [Self.json, Self.help]
    }

    /// The flags that may come from the environment and the settings file.
    var settingFlags: [Flag] {
        flags.filter { settings.contains($0.name) } + (usesOutbox ? [Self.database, Self.keyFile] : [])
    }

    static let database = Flag("db", "FILE", "the outbox (default: $POSTHORN_DB, else posthorn.db)")
    static let keyFile = Flag(
        "key-file",
        "FILE",
        "the key of sealed credentials (default: $POSTHORN_KEY, else the file $POSTHORN_KEY_FILE)"
    )
    static let settingsFile = Flag("settings", "FILE", "settings for flags that are not given (default: $POSTHORN_SETTINGS)")
    static let caFile = Flag("ca-file", "FILE", "trust these certificate authorities (PEM) instead of the system's")
    static let keep = Flag(
        "keep",
        "LENGTH",
        isRepeatable: true,
        "delete events whose deliveries ended longer ago, such as 30d, or by state: exhausted=90d (repeatable)"
    )
    static let keepPayloads = Flag(
        "keep-payloads",
        "LENGTH",
        "drop the data of events whose deliveries all ended longer ago, such as 7d; events, deliveries and attempts stay"
    )
    static let json = Flag("json", "print JSON, one object a line")
    static let help = Flag("help", "print this")
    static let allow = Flag(
        "allow",
        "CIDR",
        isRepeatable: true,
        "let requests reach this range, though it is private, and over plain http too (repeatable)"
    )
}
