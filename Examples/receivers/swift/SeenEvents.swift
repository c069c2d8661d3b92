import Synchronization

/// Remembers the latest events, oldest forgotten first. A fleet of receivers would share such a list in its database.
final class SeenEvents: Sendable {
    /// What is known of an event.
    enum Standing { case new, beingHandled, handled }

    private struct Memory {
        var standings: [String: Standing] = [:]
        /// Handled events in their order, as a ring of ``limit`` places.
        var handled: [String] = []
        var oldest = 0
    }

    private static let limit = 100_000
    private let memory = Mutex(Memory())

    /// What an event is so far; a new one counts as being handled from now on.
    func begin(_ key: String) -> Standing {
        memory.withLock { memory in
            let standing = memory.standings[key] ?? .new
            if standing == .new { memory.standings[key] = .beingHandled }
            return standing
        }
    }

    /// The event was handled: its repetitions are dropped.
    func finish(_ key: String) {
        memory.withLock { memory in
            memory.standings[key] = .handled
            if memory.handled.count < Self.limit {
                memory.handled.append(key)
            } else {
                memory.standings[memory.handled[memory.oldest]] = nil
                memory.handled[memory.oldest] = key
                memory.oldest = (memory.oldest + 1) % Self.limit
            }
        }
    }

    /// The event was not handled: its next repetition counts as new.
    func forget(_ key: String) { memory.withLock { $0.standings[key] = nil } }
}
