import PosthornModel
import PosthornText
import PosthornStore
import PosthornSystem

/// What an engine has told of endpoints that cannot be used, and when it looks at them again. A value that decides alone.
struct FaultWatch {
    private var told: [String: String] = [:]
    private var isDue = false
    private var lastLook = Int64.min

    /// At most one look a second: whoever mends a row can wait for that, and a stream of emits by others must not cost one each.
    static let intervalNanoseconds: Int64 = 1_000_000_000

    /// Takes the faults that there are now.
    /// - Returns: What is new about them, to be told.
    mutating func update(_ faults: [String: String]) -> [EngineEvent] {
        if faults == told { return [] }
        let broken = faults.filter { told[$0.key] != $0.value }.sorted { $0.key < $1.key }
        let mended = told.keys.filter { faults[$0] == nil }.sorted()
        told = faults
        return broken.map { .endpointBroken(endpoint: $0.key, reason: $0.value) } + mended.map { .endpointMended(endpoint: $0) }
    }

    /// Somebody has written, who may have mended something.
    mutating func foreignCommit() { if !told.isEmpty { isDue = true } }

    /// What to do about a look.
    enum Look: Equatable {
        case none
        case now
        /// After so many nanoseconds.
        case later(Int64)
    }

    /// Whether to look, `now` being monotonic nanoseconds.
    mutating func look(now: Int64) -> Look {
        guard isDue else { return .none }
        if lastLook != .min, now - lastLook < Self.intervalNanoseconds { return .later(lastLook + Self.intervalNanoseconds - now) }
        isDue = false
        lastLook = now
        return .now
    }
}
