import Glibc
import PosthornLab
import PosthornModel
import PosthornText
import PosthornSystem

/// A simulation that is written down instead of sent.
enum SimulationFiles {
    private static let bufferBytes = 1 << 20

    /// Writes the events as lines for `posthorn emit`; to the standard output for `-`.
    static func write(_ simulation: Simulation, to path: String, _ context: Context) throws {
        if path == "-" {
            for departure in simulation.departures { context.output.write(departure.event.line + [0x0A]) }
            return
        }
        try write(to: path) { (put) throws(OutputFileProblem) in
            for departure in simulation.departures { try put(departure.event.line + [0x0A]) }
        }
        ErrorOutput.line("wrote \(HumanText.count(simulation.departures.count, "event")) to \(TerminalText.text(path))")
    }

    /// Writes nodes as a topology file without endpoints; to the standard output for `-`.
    static func write(nodes: [Node], to path: String, _ context: Context) throws(OutputFileProblem) {
        let objects = nodes.map { node in
            var members: [JSONValue.Member] = [.init("id", .string(node.id)), .init("level", .string(node.level.rawValue))]
            if let parent = node.parent { members.append(.init("parent", .string(parent))) }
            if let name = node.name { members.append(.init("name", .string(name))) }
            if let email = node.notificationEmail {
                members.append(.init("notification_contact", .object([.init("email", .string(email))])))
            }
            return JSONValue.object(members)
        }
        let topology = JSONValue.object([.init("nodes", .array(objects)), .init("endpoints", .array([]))])
        if path == "-" { return context.output.write(topology.text + "\n") }
        try write(to: path) { (put) throws(OutputFileProblem) in try put(Array((topology.text + "\n").utf8)) }
    }

    /// Writes a file in large pieces.
    private static func write(
        to path: String,
        _ body: ((_ bytes: [UInt8]) throws(OutputFileProblem) -> Void) throws(OutputFileProblem) -> Void
    ) throws(OutputFileProblem) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        if descriptor < 0 { throw OutputFileProblem(path, errno) }
        defer { close(descriptor) }
        var waiting: [UInt8] = []
        func flush() throws(OutputFileProblem) {
            if let failure = Descriptor.write(waiting, to: descriptor) { throw OutputFileProblem(path, failure) }
            waiting.removeAll(keepingCapacity: true)
        }
        try body { (bytes) throws(OutputFileProblem) in
            waiting += bytes
            if waiting.count > bufferBytes { try flush() }
        }
        try flush()
    }
}
