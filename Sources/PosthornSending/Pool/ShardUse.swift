/// When each of a thread's multi handles was used last, so that connections do not stay open for ever behind endpoints that get
/// nothing any more. libcurl closes what is too old when the same handle sends something else, and at no other time.
///
/// A value without a clock; times are monotonic nanoseconds.
struct ShardUse {
    private struct Entry {
        var running = 0
        /// When its last request ended; `nil` when it has no connections.
        var idleSince: Int64?
    }

    private var entries: [Entry]
    private let idleNanoseconds: Int64

    init(shards: Int, idleNanoseconds: Int64) {
        entries = [Entry](repeating: Entry(), count: shards)
        self.idleNanoseconds = idleNanoseconds
    }

    /// A request has been handed to it.
    mutating func began(_ shard: Int) { entries[shard].running += 1 }

    /// A request of it has ended.
    mutating func ended(_ shard: Int, now: Int64) {
        entries[shard].running -= 1
        entries[shard].idleSince = now
    }

    /// Whether nothing of it is under way.
    func isIdle(_ shard: Int) -> Bool { entries[shard].running == 0 }

    /// Its connections have been closed.
    mutating func closed(_ shard: Int) { entries[shard].idleSince = nil }

    /// When the next one has been idle for too long; `Int64.max` when none is.
    var nextEnd: Int64 {
        var next = Int64.max
        for entry in entries where entry.running == 0 {
            if let since = entry.idleSince { next = min(next, since + idleNanoseconds) }
        }
        return next
    }

    /// Those that have been idle for too long.
    func idle(now: Int64) -> [Int] {
        entries.indices.filter { entries[$0].running == 0 && (entries[$0].idleSince.map { now - $0 >= idleNanoseconds } ?? false) }
    }
}
