/// What a receiver remembers of the events it has seen: how often each came, and whether it was taken.
///
/// It remembers the newest ones only, so its memory is bounded however long it runs: about 40 bytes an event.
public struct EventMemory: Sendable {
    /// What is known of one event.
    public struct Entry: Equatable, Sendable {
        /// How often it has come, this time included.
        public var times: Int
        /// Whether it was taken, so that it is not processed again; its answer may still wait.
        public var wasTaken = false
        /// Whether it was answered with success before, so that another one is a duplicate and no retry.
        public var wasAccepted = false
    }

    private let limit: Int
    private var entries: [UInt64: Entry] = [:]
    /// Keys in the order they first came; a ring once it is full.
    private var order: [UInt64] = []
    private var oldest = 0

    /// - Parameter limit: How many events are remembered; at least 1.
    public init(limit: Int = 100_000) { self.limit = max(1, limit) }

    /// How many events are remembered now.
    public var count: Int { entries.count }

    /// Counts one more coming of an event.
    public mutating func note(_ key: UInt64) -> Entry {
        if let known = entries[key] {
            var entry = known
            entry.times += 1
            entries[key] = entry
            return entry
        }
        if order.count < limit {
            order.append(key)
        } else {
            entries[order[oldest]] = nil
            order[oldest] = key
            oldest = (oldest + 1) % limit
        }
        let entry = Entry(times: 1)
        entries[key] = entry
        return entry
    }

    /// What is known of an event; `nil` when it never came or was forgotten.
    public subscript(key: UInt64) -> Entry? { entries[key] }

    /// The event is processed now, and is to be answered with success.
    public mutating func take(_ key: UInt64) { entries[key]?.wasTaken = true }

    /// The event was answered with success.
    public mutating func accept(_ key: UInt64) { entries[key]?.wasAccepted = true }
}
