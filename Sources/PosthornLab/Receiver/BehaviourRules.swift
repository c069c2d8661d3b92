package import PosthornModel
import PosthornText

/// How a receiver behaves by path, type, attempt, time and chance: the rules of a file, of which the first that fits an event decides.
/// Pure.
package struct BehaviourRules: Sendable {
    /// What an event is held against, and what becomes of it.
    package struct Rule: Sendable {
        /// A path, or the beginning of one with a star behind it; `nil` for all.
        var path: String?
        var type: EventPattern?
        var attempts: ClosedRange<Int>?
        /// From when to before when it holds, in milliseconds since the receiver started.
        var fromMilliseconds: Int64 = 0
        var toMilliseconds = Int64.max
        /// 0 for never to 1 for always.
        var share = 1.0
        /// The status that is answered; `nil` to hang up.
        package fileprivate(set) var status: Int? = 200
        package fileprivate(set) var delayMilliseconds = 0
        package fileprivate(set) var retryAfterSeconds: Int?
        package fileprivate(set) var body: String?
        /// How often the receiver acts on an event that it takes.
        package fileprivate(set) var timesProcessed = 1

        func fits(path: String, type: String?, attempt: Int, elapsedMilliseconds elapsed: Int64) -> Bool {
            if elapsed < fromMilliseconds || elapsed >= toMilliseconds { return false }
            if let attempts, !attempts.contains(attempt) { return false }
            if let own = self.path, own.hasSuffix("*") ? !path.hasPrefix(own.dropLast()) : own != path { return false }
            guard let pattern = self.type else { return true }
            return type.map(pattern.matches) ?? false
        }
    }

    private let rules: [Rule]
    private let seed: UInt64

    private static let limit = 1000

    /// Reads a file.
    /// - Throws: What is wrong with it, by its field.
    package init(json bytes: [UInt8]) throws(InputProblem) {
        let root: JSONValue
        do throws(JSONProblem) { root = try JSONValue.parse(bytes) } catch { throw InputProblem(field: "", reason: "is \(error)") }
        let file = try ObjectReader(root, at: "", allowed: ["seed", "rules"])
        seed = UInt64(try file.integer("seed", 0...Int.max) ?? 0)
        let list = try file.list("rules")
        if list.isEmpty || list.count > Self.limit {
            throw InputProblem(.outOfRange, field: "rules", reason: "must have 1 to \(Self.limit) rules")
        }
        rules = try list.enumerated().map { (i, value) throws(InputProblem) in try Rule(value, at: "rules[\(i)]") }
    }

    /// The rule that decides over an event; `nil` where none fits.
    /// - Parameters:
    ///   - attempt: How often the event has come, this time included.
    ///   - key: The event's own number, by which the dice fall, whatever order events come in.
    package func rule(path: String, type: String?, attempt: Int, elapsedMilliseconds: Int64, key: UInt64) -> Rule? {
        for (i, rule) in rules.enumerated()
        where rule.fits(path: path, type: type, attempt: attempt, elapsedMilliseconds: elapsedMilliseconds) {
            if rule.share >= 1 { return rule }
            var dice = SeededGenerator(seed: seed ^ key, "rule", UInt64(i) << 32 | UInt64(attempt))
            if dice.fraction() < rule.share { return rule }
        }
        return nil
    }
}

extension BehaviourRules.Rule {
    fileprivate init(_ value: JSONValue, at field: String) throws(InputProblem) {
        let reader = try ObjectReader(
            value,
            at: field,
            allowed: [
                "path", "type", "attempts", "from", "to", "share", "status", "delay_ms", "retry_after_s", "body", "hang_up", "process",
            ]
        )
        self.init()
        path = try reader.optional("path")
        if let text = try reader.optional("type") {
            do throws(InputProblem) { type = try EventPattern(text) } catch { throw error.inside("\(field).type") }
        }
        attempts = try reader.optional("attempts").map { (text) throws(InputProblem) in try Self.attempts(text, "\(field).attempts") }
        if let moment = try Self.moment(reader, "from") { fromMilliseconds = moment }
        if let moment = try Self.moment(reader, "to") { toMilliseconds = moment }
        if toMilliseconds <= fromMilliseconds {
            throw InputProblem(.outOfRange, field: "\(field).to", reason: "is not after from")
        }
        if let text = try reader.optional("share") {
            guard let share = Quantity.share(text) else {
                throw InputProblem(field: "\(field).share", value: text, reason: Quantity.refusal(ofShare: text))
            }
            self.share = share
        }
        status = try reader.integer("status", 200...599) ?? 200
        delayMilliseconds = try reader.integer("delay_ms", 0...86_400_000) ?? 0
        retryAfterSeconds = try reader.integer("retry_after_s", 0...86_400)
        body = try reader.optional("body")
        timesProcessed = try reader.integer("process", 0...2) ?? 1
        if let hangsUp = reader.value("hang_up") {
            guard hangsUp == .bool(true), reader.value("status") == nil, body == nil, retryAfterSeconds == nil else {
                throw InputProblem(
                    .incompatible,
                    field: "\(field).hang_up",
                    reason: "must be true, and has no status, body or retry_after_s"
                )
            }
            status = nil
        }
    }

    private static func moment(_ reader: ObjectReader, _ name: String) throws(InputProblem) -> Int64? {
        guard let text = try reader.optional(name) else { return nil }
        guard let milliseconds = RetrySchedule.Duration.milliseconds(text) else {
            throw InputProblem(field: "\(reader.path).\(name)", value: text, reason: "is no time since the start, such as 90s or 10m")
        }
        return milliseconds
    }

    /// `2`, `1..3`, or `4..` for all from the fourth on.
    private static func attempts(_ text: String, _ field: String) throws(InputProblem) -> ClosedRange<Int> {
        var ends: [String] = [text, text]
        if let dots = text.firstRange(of: "..") { ends = [String(text[..<dots.lowerBound]), String(text[dots.upperBound...])] }
        let last = ends[1].isEmpty ? Int.max : Int(ends[1])
        guard let first = Int(ends[0]), let last, first >= 1, last >= first else {
            throw InputProblem(field: field, value: text, reason: "is not a number of attempts; write 2, 1..3 or 4..")
        }
        return first...last
    }
}
