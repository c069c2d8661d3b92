import PosthornModel
public import PosthornText

/// An event as a vendor's platform would emit it.
public struct ScenarioEvent: Equatable, Sendable {
    /// Its idempotency key.
    public let id: String
    /// Its type, one of ``Scenario/types``.
    public let type: String
    /// The node where it happened, one of ``Scenario/nodes``.
    public let node: String
    /// When it happened.
    public let created: Timestamp
    /// The data as JSON, in the members' order of the vendor's samples.
    public let data: [UInt8]

    /// The same as an event whose parts are known to be right.
    var event: Event { Event(id: id, type: type, node: node, created: created, data: data) }

    /// The event as a line for `posthorn emit`, without the line end.
    public var line: [UInt8] {
        var writer = JSONWriter()
        writer.raw("{\"id\":")
        writer.string(id)
        writer.raw(",\"type\":")
        writer.string(type)
        writer.raw(",\"node\":")
        writer.string(node)
        writer.raw(",\"created\":")
        writer.string(created.description)
        writer.raw(",\"data\":")
        writer.raw(data)
        writer.raw("}")
        return writer.bytes
    }
}

/// One vendor's made-up platform.
protocol VendorScenario: Sendable {
    var nodes: [Node] { get }
    var types: [String] { get }
    mutating func next(at now: Timestamp, _ random: inout SeededGenerator) -> (type: String, node: String, data: JSONValue)
}

/// Stories that run beside each other: each has its cast and the types that are still to come.
struct ScriptPlayer<Cast: Sendable>: Sendable {
    /// How many stories run at a time.
    private static var atATime: Int { 4 }

    private let scripts: [[String]]
    private var running: [(cast: Cast, rest: ArraySlice<String>)] = []
    private var begun = 0

    /// - Parameter scripts: The types of each kind of story in their order. Stories are begun in turn, so that every type
    ///   comes again and again.
    init(_ scripts: [[String]]) { self.scripts = scripts }

    /// Every type that stands in a script, once, in order.
    var types: [String] {
        var seen: Set<String> = []
        return scripts.joined().filter { seen.insert($0).inserted }
    }

    /// Goes on with one of the stories.
    /// - Parameters:
    ///   - cast: Makes the cast of a new story, given its number (counted from 0) and its script's.
    ///   - tell: Makes the event of a type, and may change the cast.
    mutating func next<Result>(
        _ random: inout SeededGenerator,
        cast: (_ number: Int, _ script: Int, inout SeededGenerator) -> Cast,
        tell: (_ type: String, inout Cast, inout SeededGenerator) -> Result
    ) -> Result {
        while running.count < Self.atATime {
            let script = begun % scripts.count
            running.append((cast(begun, script, &random), scripts[script][...]))
            begun += 1
        }
        let at = random.below(running.count)
        let type = running[at].rest.removeFirst()
        let result = tell(type, &running[at].cast, &random)
        if running[at].rest.isEmpty { running.remove(at: at) }
        return result
    }
}
