import PosthornFormats
public import PosthornModel
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

/// A vendor whose events can be made up.
public enum ScenarioVendor: String, CaseIterable, Sendable {
    case weseedo, diio, conference, webio, voiso
    /// Standard Webhooks, a format without events of its own: those of a shop.
    case standard
}

/// What happens on a made-up platform of a vendor: stories that run beside each other (a meeting is created, starts and
/// ends), with ids that stay the same through a story and people who stay who they are.
///
/// The same vendor, seed and moments give the same bytes. Data look like the vendor's, all names and numbers in them are
/// invented: mail addresses end in `.example`, telephone numbers are those kept for fiction.
public struct Scenario: Sendable {
    private var stage: any VendorScenario
    private var random: SeededGenerator

    /// A platform before its first event.
    /// - Parameter platform: The nodes of a platform that is there, parents first; without any, one is made up.
    public init(_ vendor: ScenarioVendor, seed: UInt64, platform: [Node] = []) {
        var random = SeededGenerator(seed: seed, vendor.rawValue)
        switch vendor {
        case .weseedo: stage = WeSeeDoScenario(&random, platform)
        case .diio: stage = DiioScenario(&random, platform)
        case .conference: stage = ConferenceScenario(&random, platform)
        case .webio: stage = WebioScenario(&random, platform)
        case .voiso: stage = VoisoScenario(&random, platform)
        case .standard: stage = StandardScenario(&random, platform)
        }
        self.random = random
    }

    /// The examples of a vendor's file, in turn.
    init(of file: VendorFile, seed: UInt64) {
        stage = FileScenario(file)
        random = SeededGenerator(seed: seed, "file")
    }

    /// The nodes that events happen at, parents first; to be applied before events are emitted.
    public var nodes: [Node] { stage.nodes }

    /// Every type that can come.
    public var types: [String] { stage.types }

    /// What happens next.
    /// - Parameter now: The moment it happens; times inside the data agree with it. Not to go back.
    public mutating func next(at now: Timestamp) -> ScenarioEvent {
        let (type, node, data) = stage.next(at: now, &random)
        var writer = JSONWriter()
        writer.write(data)
        return ScenarioEvent(
            id: EventID.make(at: now, random: random.next()),
            type: type,
            node: node,
            created: now,
            data: writer.bytes
        )
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
