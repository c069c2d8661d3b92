import PosthornModel
import PosthornText

/// The platform of a file's stories, which run beside each other.
struct StoryScenario: VendorScenario {
    private struct Cast: Sendable {
        let story: Int
        let id: String
        let number: Int
        var step = 0
    }

    let nodes: [Node]
    private let stories: [StoryFile.Story]
    /// Which story each turn of the scripts is.
    private let turns: [Int]
    private var book: ScriptPlayer<Cast>

    /// - Parameter platform: The nodes of a platform that is there, at the first of which everything happens.
    init(_ file: StoryFile, platform: [Node]) {
        nodes = platform.isEmpty ? [Node(id: "vendor", level: .company)] : platform
        stories = file.stories
        let turns = TypeMix.turns(file.stories.reduce(0) { $0 + $1.share }, weights: file.stories.map { Double($0.share) })
        self.turns = turns
        book = ScriptPlayer(turns.map { file.stories[$0].steps.map(\.type) })
    }

    var types: [String] { book.types }

    mutating func next(at now: Timestamp, _ random: inout SeededGenerator) -> (type: String, node: String, data: JSONValue) {
        let (stories, turns, node) = (stories, turns, nodes[0].id)
        return book.next(
            &random,
            cast: { number, script, random in
                Cast(story: turns[script], id: StableText.hexadecimal(random.next(), digits: 12), number: number + 1)
            },
            tell: { type, cast, _ in
                defer { cast.step += 1 }
                let words = StoryFile.Words(story: cast.id, number: cast.number, now: now)
                return (type, node, StoryFile.filled(stories[cast.story].steps[cast.step].data, words))
            }
        )
    }
}

/// Numbers as texts of the same length.
private enum StableText {
    static func hexadecimal(_ number: UInt64, digits: Int) -> String {
        let text = String(number, radix: 16)
        return String((String(repeating: "0", count: 16) + text).suffix(digits))
    }
}
