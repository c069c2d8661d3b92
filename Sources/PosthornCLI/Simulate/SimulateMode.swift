/// What `posthorn simulate` is to do. Each mode has its flags; one that would say nothing in it is refused, so that nobody
/// believes that it did.
enum SimulateMode: String, CaseIterable {
    /// Sends events through the engine.
    case send
    /// Writes them down.
    case write = "--out"
    /// Tries a receiver with a catalogue of cases.
    case check = "--check"

    private static let ofScenario: Set<String> = ["topology", "scenario", "stories", "event", "count", "rate", "seed", "start", "fault"]
    private static let ofReceiver: Set<String> = ["signature", "credential", "vendor-file", "timeout", "ca-file", "i-own-this-host"]
    /// Flags that every command has.
    private static let ofAll: Set<String> = ["json", "help", "settings"]

    /// The flags that say something in this mode.
    var flags: Set<String> {
        switch self {
        case .send:
            return Self.ofAll.union(Self.ofScenario).union(Self.ofReceiver).union(MailArguments.flags.map(\.name))
                .union(["speed", "backfill", "rotate-to", "ask", "ignore-retry-after", "db"])
        case .write: return Self.ofAll.union(Self.ofScenario).union(["out", "out-topology", "vendor-file"])
        case .check: return Self.ofAll.union(Self.ofReceiver).union(["topology", "seed", "check"])
        }
    }

    private var reason: String {
        switch self {
        case .send: return "belongs to --out; add it"
        case .write: return "says nothing with --out, which writes events down and sends none; leave one of them out"
        case .check: return "says nothing with --check, which sends cases of its own; leave one of them out"
        }
    }

    /// The mode that a command line asks for.
    /// - Throws: Which flag, or URL, would have no effect in it.
    init(_ arguments: ParsedArguments) throws(UsageProblem) {
        self = arguments.has("check") ? .check : arguments.has("out") ? .write : .send
        let namesFile = arguments.has("vendor-file")
        // A vendor file's keys may be part of what is written down.
        let allowed = self == .write && namesFile ? flags.union(["credential"]) : flags
        // What comes from the settings is for other runs too.
        if let flag = arguments.values.keys.sorted().first(where: { !allowed.contains($0) && arguments.isGiven($0) }) {
            throw UsageProblem("--\(flag) \(reason)", command: arguments.command)
        }
        if self == .write, let url = arguments.positionals.dropFirst(namesFile ? 0 : 1).first {
            throw UsageProblem("\"\(TerminalText.text(url))\" \(reason)", command: arguments.command)
        }
        if arguments.text("out") == "-", arguments.text("out-topology") == "-" {
            throw UsageProblem("--out and --out-topology: both are the standard output; name a file for one", command: arguments.command)
        }
    }
}
