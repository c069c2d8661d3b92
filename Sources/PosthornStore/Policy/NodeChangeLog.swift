import PosthornText

/// Which nodes have changed in which generation of the topology, as far back as is kept: a node's row does not say it, and one that was
/// removed has none. Stores keep it as a text beside the last generation of which rows alone do not say all that has changed.
package struct NodeChangeLog: Sendable, Equatable {
    /// Ids that are kept. Who has missed more than these reads all.
    package static let limit = 1000

    /// That generation, as it was when this was written. A program that knows no such list counts it up alone, and so shows that the
    /// list has a gap.
    private var full: Int64
    /// What has changed after this generation is here.
    private var start: Int64
    private var steps: [Step] = []

    private struct Step: Sendable, Equatable {
        let generation: Int64
        let changed: [String]
        let removed: [String]

        var count: Int { changed.count + removed.count }
    }

    /// What a store has written.
    /// - Parameters:
    ///   - text: The list; `nil` where there is none yet.
    ///   - full: The last generation of which rows alone do not say all.
    package init(_ text: String?, full: Int64) {
        (self.full, start) = (full, full)
        guard let text, let value = try? JSONValue.parse(Array(text.utf8)), case .array(let parts) = value, parts.count >= 2,
            Self.number(parts[0]) == full, let first = Self.number(parts[1])
        else { return }
        var found: [Step] = []
        for part in parts.dropFirst(2) {
            guard case .array(let fields) = part, fields.count == 3, let generation = Self.number(fields[0]),
                let changed = Self.texts(fields[1]), let removed = Self.texts(fields[2])
            else { return }
            found.append(Step(generation: generation, changed: changed, removed: removed))
        }
        (start, steps) = (first, found)
    }

    private static func number(_ value: JSONValue) -> Int64? {
        if case .number(let text) = value { Int64(text) } else { nil }
    }

    private static func texts(_ value: JSONValue) -> [String]? {
        guard case .array(let values) = value else { return nil }
        return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    /// How a store keeps it.
    package var text: String {
        let parts = steps.map { step in
            JSONValue.array([
                .number(String(step.generation)), .array(step.changed.map { .string($0) }), .array(step.removed.map { .string($0) }),
            ])
        }
        return JSONValue.array([.number(String(full)), .number(String(start))] + parts).text
    }

    /// Takes in what a change of nodes is about.
    /// - Parameter generation: The one that the change makes; of it too rows alone do not say all.
    package mutating func note(changed: [String], removed: [String], at generation: Int64) {
        full = max(full, generation)
        steps.append(Step(generation: generation, changed: changed, removed: removed))
        var count = steps.reduce(0) { $0 + $1.count }
        while count > Self.limit {
            let oldest = steps.removeFirst()
            count -= oldest.count
            start = max(start, oldest.generation)
        }
    }

    /// Something else than nodes has changed before a generation and is in no row: who has not read it reads all.
    package mutating func forget(before generation: Int64) {
        full = max(full, generation)
        start = max(start, generation)
        steps.removeAll { $0.generation <= start }
    }

    /// The ids of the nodes that have changed since a generation, and of those that were removed; `nil` when all is to be read.
    package func changes(since generation: Int64) -> (changed: Set<String>, removed: Set<String>)? {
        if generation >= full { return ([], []) }
        if generation < start { return nil }
        let steps = steps.filter { $0.generation > generation }
        return (Set(steps.flatMap(\.changed)), Set(steps.flatMap(\.removed)))
    }
}
