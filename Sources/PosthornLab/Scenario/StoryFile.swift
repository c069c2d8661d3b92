package import PosthornModel
import PosthornText

/// Stories as data: what happens on a platform, one event after the other, as a JSON file has it. Pure.
///
/// `{"stories": [{"share": 3, "steps": [{"type": "order.created", "data": {"id": "{story}"}}, {"type": "order.paid", "data": …}]}]}`
package struct StoryFile: Sendable {
    /// One event of a story.
    struct Step: Sendable {
        let type: String
        let data: JSONValue
    }

    /// Events that follow each other.
    struct Story: Sendable {
        /// How often it is told beside the others.
        let share: Int
        let steps: [Step]
    }

    /// What the words in braces stand for in one event.
    struct Words {
        /// The story's id, the same in each of its events.
        let story: String
        /// The story's number, from 1.
        let number: Int
        let now: Timestamp
    }

    let stories: [Story]

    /// The types of its events, each once, in order.
    package var types: [String] {
        var seen: Set<String> = []
        return stories.flatMap(\.steps).map(\.type).filter { seen.insert($0).inserted }
    }

    private static let storyLimit = 100
    private static let stepLimit = 100
    private static let words = ["story", "number", "now", "now:s", "now:ms"]

    /// Reads a file.
    /// - Throws: What is wrong with it, by its member.
    package init(json bytes: [UInt8]) throws(InputProblem) {
        let root: JSONValue
        do throws(JSONProblem) { root = try JSONValue.parse(bytes) } catch { throw InputProblem(field: "", reason: "is \(error)") }
        let list = try ObjectReader(root, at: "", allowed: ["stories"]).list("stories")
        if list.isEmpty || list.count > Self.storyLimit {
            throw InputProblem(.outOfRange, field: "stories", reason: "must have 1 to \(Self.storyLimit) stories")
        }
        stories = try list.enumerated().map { (i, value) throws(InputProblem) in
            let field = "stories[\(i)]"
            let reader = try ObjectReader(value, at: field, allowed: ["share", "steps"])
            let steps = try reader.list("steps")
            if steps.isEmpty || steps.count > Self.stepLimit {
                throw InputProblem(.outOfRange, field: "\(field).steps", reason: "must have 1 to \(Self.stepLimit) events")
            }
            return Story(
                share: try reader.integer("share", 1...1000) ?? 1,
                steps: try steps.enumerated().map { (k, step) throws(InputProblem) in try Self.step(step, at: "\(field).steps[\(k)]") }
            )
        }
    }

    private static func step(_ value: JSONValue, at field: String) throws(InputProblem) -> Step {
        let reader = try ObjectReader(value, at: field, allowed: ["type", "data"])
        let type = try reader.required("type")
        do throws(InputProblem) { try EventType.check(type) } catch { throw error.at("\(field).type") }
        guard let data = reader.value("data"), case .object = data else {
            throw InputProblem(.missing, field: "\(field).data", reason: "must be an object, the event's data")
        }
        try check(data, at: "\(field).data")
        return Step(type: type, data: data)
    }

    /// Throws where a text holds a word in braces that stands for nothing.
    private static func check(_ value: JSONValue, at field: String) throws(InputProblem) {
        switch value {
        case .object(let members):
            for member in members { try check(member.value, at: "\(field).\(InputProblem.printable(member.key))") }
        case .array(let elements): for (i, element) in elements.enumerated() { try check(element, at: "\(field)[\(i)]") }
        case .string(let text):
            for piece in pieces(text) {
                guard case .word(let word) = piece, !words.contains(word) else { continue }
                let known = words.map { "{\($0)}" }.joined(separator: ", ")
                throw InputProblem(
                    .unknownWord,
                    field: field,
                    value: text,
                    reason: "holds {\(word)}, which stands for nothing; words are \(known)"
                )
            }
        case .null, .bool, .number: break
        }
    }

    /// The data of an event, with its words filled in. A text that is a number's word alone becomes the number.
    static func filled(_ value: JSONValue, _ words: Words) -> JSONValue {
        switch value {
        case .object(let members): return .object(members.map { .init($0.key, filled($0.value, words)) })
        case .array(let elements): return .array(elements.map { filled($0, words) })
        case .string(let text):
            let pieces = pieces(text)
            if pieces.count == 1, case .word(let word) = pieces[0], word != "story", word != "now" { return .number(words.text(word)) }
            return .string(
                pieces.map { piece in
                    switch piece {
                    case .literal(let literal): return literal
                    case .word(let word): return words.text(word)
                    }
                }.joined()
            )
        case .null, .bool, .number: return value
        }
    }

    private enum Piece {
        case literal(String)
        case word(String)
    }

    /// A text in its pieces. Braces around anything but small letters and a colon are no word.
    private static func pieces(_ text: String) -> [Piece] {
        var pieces: [Piece] = []
        var literal = ""
        var rest = text[...]
        while let character = rest.first {
            let inside = rest.dropFirst().prefix { $0.isASCII && ($0.isLowercase || $0 == ":") }
            if character == "{", !inside.isEmpty, inside.endIndex < rest.endIndex, rest[inside.endIndex] == "}" {
                if !literal.isEmpty { pieces.append(.literal(literal)) }
                literal = ""
                pieces.append(.word(String(inside)))
                rest = rest[rest.index(after: inside.endIndex)...]
            } else {
                literal.append(character)
                rest = rest.dropFirst()
            }
        }
        if !literal.isEmpty || pieces.isEmpty { pieces.append(.literal(literal)) }
        return pieces
    }
}

extension StoryFile.Words {
    fileprivate func text(_ word: String) -> String {
        switch word {
        case "story": return story
        case "number": return String(number)
        case "now:s": return String(now.milliseconds / 1000)
        case "now:ms": return String(now.milliseconds)
        default: return now.description
        }
    }
}
