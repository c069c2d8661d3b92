import Glibc
import PosthornText
import Posthorn

/// Events with everything that JSON can hold, from a seed.
struct EventGenerator {
    /// What a test emits: the event's type, and data whose member `id` is the only one of its kind.
    struct GeneratedEvent {
        let id: String
        let type: String
        let data: String

        var new: NewEvent { NewEvent(type: type, node: "c", data: data) }

        /// The same with one blank more, which means the same and is another byte.
        func withABlankMore() -> GeneratedEvent {
            GeneratedEvent(id: id, type: type, data: data.dropLast() + " }")
        }
    }

    /// Data of any shape.
    static let nestedType = "judged.nested"
    /// Data whose members are plain values, which a query can carry.
    static let flatType = "judged.flat"

    /// From a seed, so that a failure can be repeated.
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    private mutating func next(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

    private mutating func pick(_ choices: [String]) -> String { choices[next(choices.count)] }

    private static let blanks = ["", "", "", "", " ", "\n", "\t", "\r\n  "]
    private static let numbers = [
        "0", "-0", "1.10", "1258835", "12345678901234567890", "-98765432109876543210", "1E+400", "-1.5e-7", "0.000000000000000000001",
    ]
    private static let pieces = [
        "a", "Z9", " ", "\\\"", "\\\\", "\\/", "\\b\\f\\n\\r\\t", "\\u0000", "\\u001F", "\\u00e9", "é", "\\ud83d\\ude00", "😀",
        "\u{2028}", "\u{2029}", "\\u2028", "{", "}", "[", "]", ":", ",", "'", "&=+%", "<<x>>", "\u{7F}", "密", "🏳️‍🌈", "%41", "\\u0026",
    ]

    private mutating func blank() -> String { pick(Self.blanks) }

    private mutating func text(_ most: Int) -> String { (0..<next(most)).map { _ in pick(Self.pieces) }.joined() }

    private mutating func plainValue() -> String {
        switch next(6) {
        case 0: return pick(["true", "false", "null"])
        case 1, 2: return pick(Self.numbers)
        default: return "\"\(text(24))\""
        }
    }

    private mutating func value(_ depth: Int) -> String {
        switch depth > 0 ? next(5) : 0 {
        case 3:
            let elements = (0..<next(4)).map { _ in value(depth - 1) }
            return "[" + blank() + elements.joined(separator: blank() + "," + blank()) + blank() + "]"
        case 4: return object(depth - 1, ["x": "1"])
        default: return plainValue()
        }
    }

    /// An object with given members among others, all of distinct names.
    private mutating func object(_ depth: Int, _ given: KeyValuePairs<String, String>) -> String {
        var members = given.map { "\"\($0.key)\"" + blank() + ":" + blank() + $0.value }
        for i in 0..<next(8) { members.append("\"k\(i)\(text(4))\"" + blank() + ":" + blank() + value(depth)) }
        let first = members.removeFirst()
        members.insert(first, at: next(members.count + 1))
        return "{" + blank() + members.joined(separator: blank() + "," + blank()) + blank() + "}"
    }

    private mutating func big(_ id: String) -> String {
        let block = (0..<40).map { _ in value(2) }.joined(separator: ",")
        let count = 1_000_000 / (block.utf8.count + 1) + 1
        return "{\"id\":\"\(id)\",\"b\":[" + Array(repeating: block, count: count).joined(separator: ",") + "]}"
    }

    private mutating func deep(_ id: String) -> String {
        // Beside the object that holds it; arrays and objects in turn.
        let levels = 440 + next(50)
        let opened = (0..<levels).map { $0 % 2 == 0 ? "[" : "{\"o\":" }.joined()
        let closed = (0..<levels).reversed().map { $0 % 2 == 0 ? "]" : "}" }.joined()
        return "{\"id\":\"\(id)\",\"d\":" + opened + plainValue() + closed + "}"
    }

    /// `count` events with data of any shape; a few are as deep as is allowed, and a few have a megabyte.
    mutating func nested(_ count: Int) -> [GeneratedEvent] {
        (0..<count).map { i in
            let id = "n\(i)"
            let data: String
            switch i % 250 {
            case 7: data = big(id)
            case 20, 120: data = deep(id)
            default: data = object(i % 7, ["id": "\"\(id)\""])
            }
            return GeneratedEvent(id: id, type: Self.nestedType, data: data)
        }
    }

    /// `count` events with plain members alone; a few are as long as a request line that receivers still take.
    mutating func flat(_ count: Int) -> [GeneratedEvent] {
        (0..<count).map { i in
            let id = "f\(i)"
            let long = i % 250 == 9 ? (0..<120).map { _ in text(24) }.joined() : text(6)
            let data = object(0, ["id": "\"\(id)\"", "long": "\"\(long)\""])
            return GeneratedEvent(id: id, type: Self.flatType, data: data)
        }
    }
}
