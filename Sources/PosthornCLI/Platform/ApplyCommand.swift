import Posthorn
import PosthornModel
import PosthornStore

/// `posthorn apply FILE`
enum ApplyCommand: Command {
    static let specification = CommandSpecification(
        name: "apply",
        summary: "make the hierarchy and endpoints what a topology file says",
        positionals: [.init(name: "FILE", count: .one, summary: "the topology, JSON; - for standard input")],
        flags: [
            .init("prune", "remove nodes and endpoints that the file lacks; what waits for them is cancelled"),
            .init("prune-all", "the same, also when the file is empty and so everything is removed"),
            .init("key-lost", "overwrite credentials the key cannot open with the file's (undoes rotations)"),
        ],
        details: [
            "All of the file takes effect or, when something in it is wrong, none. Unchanged entries are left alone, so the"
                + "\nsame file can be applied again at any time, also while posthorn run runs.",
            "Ids of nodes and endpoints have 1 to 128 bytes of printable characters, with no leading or trailing spaces. Quote them in"
                + "\na shell, and put -- before one that starts with - (posthorn endpoint enable -- -id), or write --endpoint=ID.",
            "An events pattern that matches none of the vendor's known types causes a warning, and is applied.",
            "--key-lost is for a key that is gone for good. A secret that was rotated, and one that still signs beside its successor, are gone"
                + "\nwith it: from then on the file's secret alone signs. To change a key that you have, posthorn rekey.",
            "With --json: one object a change, with kind (added, changed, removed), what (node, endpoint), id and detail.",
        ],
        examples: ["posthorn apply topology.json", "posthorn apply --prune topology.json"]
    )

    /// The largest topology file.
    private static let fileLimitBytes = 64 << 20

    static func run(_ arguments: ParsedArguments, _ context: Context) throws -> Int32 {
        let file = try InputFile(arguments.positionals[0])
        let bytes = try file.contents(limitBytes: fileLimitBytes)
        let topology: Topology
        do throws(InputProblem) { topology = try Topology(json: bytes) } catch { throw error.inFile(file.name) }
        let (changes, left) = try context.withOutbox(creating: true) { outbox in
            let all = arguments.has("prune-all")
            let keyLost = arguments.has("key-lost")
            do {
                let changes = try outbox.apply(topology, prune: all || arguments.has("prune"), pruneAll: all, keyLost: keyLost)
                return (changes, keyLost ? try outbox.endpointFaults().found : [:])
            } catch let problem as InputProblem {
                throw problem.inFile(file.name)
            }
        }
        PatternWarning.tell(of: topology, inFile: file.name)
        for change in changes { context.output.write(context.json ? json(change).text + "\n" : sentence(change) + "\n") }
        if changes.isEmpty && !context.json { context.output.write("nothing to change\n") }
        // The file replaces only what it holds.
        for (id, reason) in left.sorted(by: { $0.key < $1.key }) {
            ErrorOutput.line(
                "posthorn: warning: endpoint \(Visible.text(id)) still cannot be used: \(Visible.text(reason)); or write it into "
                    + "\(Visible.text(file.name)) and apply that again, or leave it out and add --prune"
            )
        }
        return 0
    }

    /// A change for people: `added endpoint crm (c1, active)`.
    static func sentence(_ change: TopologyPlan.Change) -> String {
        let detail = change.detail.isEmpty ? "" : " (\(Visible.text(change.detail)))"
        return "\(change.kind.rawValue) \(change.what) \(Visible.text(change.id))\(detail)"
    }

    private static func json(_ change: TopologyPlan.Change) -> JSONLine {
        var line = JSONLine()
        line.add("kind", change.kind.rawValue)
        line.add("what", change.what)
        line.add("id", change.id)
        line.add("detail", change.detail)
        return line
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

    var description: String { "\(name): \(problem)" }
}
