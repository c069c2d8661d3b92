import Posthorn
import PosthornModel
import PosthornStore
import PosthornText

/// `posthorn apply FILE`
enum ApplyCommand: Command {
    static let specification = CommandSpecification(
        name: "apply",
        summary: "make the hierarchy and endpoints what a topology file says",
        positionals: [.init(name: "FILE", count: .one, summary: "the topology, JSON; - for standard input")],
        flags: [
            .init("prune", "remove nodes and endpoints that the file lacks; what waits for them is cancelled"),
            .init("prune-all", "the same, also when the file is empty and so everything is removed"),
            .init("dry-run", "show what would change, how many deliveries would be cancelled, and change nothing"),
            .init("key-lost", "overwrite credentials the key cannot open with the file's (undoes rotations)"),
        ],
        details: [
            "All of the file takes effect or, when something in it is wrong, none. Unchanged entries are left alone, so the"
                + "\nsame file can be applied again at any time, also while posthorn run runs.",
            "A file may be partial, such as one endpoint at an existing node: without --prune, what it lacks is left alone.",
            "*** in place of a secret, as posthorn topology writes it, keeps what is stored; so does \"credentials\": \"***\".",
            "Ids of nodes and endpoints have 1 to 128 bytes of printable characters, with no leading or trailing spaces. Quote them in"
                + "\na shell, and put -- before one that starts with - (posthorn endpoint enable -- -id), or write --endpoint=ID.",
            "\"vendor\": \"file:PATH\" takes a vendor's file (posthorn load --help, --vendor-file), by its path from the topology file. What the"
                + "\nendpoint needs of it is kept in the outbox, with timeout_ms and retry where the topology file says none: apply again when the"
                + "\nfile has changed; deliveries do not need it.",
            "An events pattern that matches none of the vendor's known types causes a warning, and is applied; so does a new or"
                + "\nchanged endpoint whose format cannot carry some of the outbox's newest events.",
            "--key-lost is for a key that is gone for good. A secret that was rotated, and one that still signs beside its successor, are gone"
                + "\nwith it: from then on the file's secret alone signs. To change a key that you have, posthorn rekey.",
            "With --json: one object a change, with kind (added, changed, removed), what (node, endpoint), id, detail; where the URL has"
                + "\nchanged and deliveries wait for the one before, waiting_at_former_url (how many); where deliveries are cancelled, cancelled"
                + "\n(how many). The same with --dry-run.",
        ],
        examples: [
            "posthorn apply topology.json", "posthorn apply --prune --dry-run topology.json", "posthorn apply --prune topology.json",
            #"echo '{"endpoints": [{"id": "crm", "node": "c1", "url": "https://crm.example/", "vendor": "weseedo"}]}' | posthorn apply -"#,
        ]
    )

    /// The largest topology file.
    private static let fileLimitBytes = 64 << 20

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let file = try InputFile(arguments.positionals[0])
        let bytes = try file.contents(limitBytes: fileLimitBytes)
        let topology: Topology
        let files = VendorFileReader(beside: arguments.positionals[0])
        do throws(InputProblem) {
            topology = try Topology(json: bytes) { (path) throws(InputProblem) in try files.document(path) }
        } catch {
            throw error.inFile(file.name)
        }
        let all = arguments.has("prune-all")
        let keyLost = arguments.has("key-lost")
        if arguments.has("dry-run") {
            let changes = try context.withOutboxToRead { outbox in
                do {
                    return try outbox.preview(topology, prune: all || arguments.has("prune"), pruneAll: all, keyLost: keyLost)
                } catch let problem as InputProblem {
                    throw problem.inFile(file.name)
                }
            }
            PatternWarning.tell(of: topology, inFile: file.name)
            for change in changes { context.output.write(context.json ? json(change).text + "\n" : wish(change) + "\n") }
            if changes.isEmpty && !context.json { context.output.write("nothing to change\n") }
            return 0
        }
        let (changes, left, uncarried, former) = try context.withOutbox(creating: true) { outbox in
            do {
                let changes = try outbox.apply(topology, prune: all || arguments.has("prune"), pruneAll: all, keyLost: keyLost)
                let made = Set(changes.filter { $0.what == "endpoint" && $0.kind != .removed }.map(\.id))
                let left = keyLost ? try outbox.endpointFaults().found : [:]
                let moved = changes.filter(\.movesAnEndpoint).map(\.id)
                return (changes, left, try outbox.uncarriedEvents(of: made), try outbox.waitingAtFormerURL(of: moved))
            } catch let problem as InputProblem {
                throw problem.inFile(file.name)
            }
        }
        PatternWarning.tell(of: topology, inFile: file.name)
        for change in changes {
            let count = change.what == "endpoint" ? former[change.id] ?? 0 : 0
            context.output.write(context.json ? json(change, waitingAtFormerURL: count).text + "\n" : sentence(change) + "\n")
            if count > 0, !context.json { context.output.write(waiting(count, change.id)) }
        }
        if changes.isEmpty && !context.json { context.output.write("nothing to change\n") }
        for events in uncarried { ErrorOutput.line("posthorn: warning: \(sentence(events))") }
        // The file replaces only what it holds.
        for (id, reason) in left.sorted(by: { $0.key < $1.key }) {
            ErrorOutput.line(
                "posthorn: warning: endpoint \(TerminalText.text(id)) still cannot be used: \(TerminalText.text(reason)); or write it into "
                    + "\(TerminalText.text(file.name)) and apply that again, or leave it out and add --prune"
            )
        }
        return 0
    }

    /// A change for people: `added endpoint crm (c1, active)`.
    static func sentence(_ change: TopologyPlan.Change) -> String {
        let detail = change.detail.isEmpty ? "" : " (\(TerminalText.text(change.detail)))"
        return "\(change.kind.rawValue) \(change.what) \(TerminalText.text(change.id))\(detail)\(cancelled(change))"
    }

    /// The same of a dry run: `would remove endpoint crm (c1), 12 deliveries cancelled`.
    private static func wish(_ change: TopologyChange) -> String {
        let verb =
            switch change.kind {
            case .added: "add"
            case .changed: "change"
            case .removed: "remove"
            }
        let detail = change.detail.isEmpty ? "" : " (\(TerminalText.text(change.detail)))"
        return "would \(verb) \(change.what) \(TerminalText.text(change.id))\(detail)\(cancelled(change))"
    }

    private static func cancelled(_ change: TopologyChange) -> String {
        change.cancelled == 0 ? "" : ", \(HumanText.count(change.cancelled, "delivery", "deliveries")) cancelled"
    }

    /// A warning that events as they come are not for an endpoint's format.
    static func sentence(_ events: UncarriedEvents) -> String {
        "endpoint \(TerminalText.text(events.endpoint)) cannot carry \(HumanText.grouped(events.count)) of the newest "
            + "\(HumanText.count(events.examined, "event")) at its node and below: \(TerminalText.text(events.reason)) (event "
            + "\(TerminalText.text(events.event))); a delivery of such an event fails at once, as unbuildable"
    }

    /// What is pinned to the URL that an endpoint had before.
    private static func waiting(_ count: Int, _ id: String) -> String {
        "  \(HumanText.count(count, "delivery waits", "deliveries wait")) for its former URL, which was in force when their events were accepted; "
            + "posthorn retry \(ShellWord.option("--endpoint", id)) --current-url sends them to the new one\n"
    }

    private static func json(_ change: TopologyPlan.Change, waitingAtFormerURL count: Int = 0) -> JSONLine {
        var line = JSONLine()
        line.add("kind", change.kind.rawValue)
        line.add("what", change.what)
        line.add("id", change.id)
        line.add("detail", change.detail)
        if count > 0 { line.add("waiting_at_former_url", count) }
        if change.cancelled > 0 { line.add("cancelled", change.cancelled) }
        return line
    }
}

extension TopologyPlan.Change {
    /// Whether an endpoint gets another URL.
    fileprivate var movesAnEndpoint: Bool {
        what == "endpoint" && kind == .changed && detail.split(separator: ", ").contains("url")
    }
}

extension InputProblem {
    /// The same problem with the file's name before the place in it.
    fileprivate func inFile(_ name: String) -> InputFileContentProblem { InputFileContentProblem(name: name, problem: self) }
}

/// What stands in a file is wrong.
struct InputFileContentProblem: Error, CustomStringConvertible {
    let name: String
    let problem: InputProblem

    var description: String { "\(name): \(RemedyText.line(problem))" }
}
