import PosthornFormats
public import PosthornModel
public import PosthornText

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

    /// The stories of a file.
    init(telling stories: StoryFile, seed: UInt64, platform: [Node] = []) {
        stage = StoryScenario(stories, platform: platform)
        random = SeededGenerator(seed: seed, "stories")
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
