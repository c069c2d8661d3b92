import PosthornModel
import PosthornText
import PosthornFormats

/// Which endpoints are to prove themselves, and when each is asked. Decides alone; a ``HandshakeRunner`` carries it out.
///
/// A handshake that hangs occupies its slot until its deadline, so the slots are shared: neither a node nor a host nor
/// those that have failed before can have them all, and nodes take turns.
struct HandshakeQueue {
    /// An endpoint that has not proved itself.
    struct PendingHandshake: Sendable {
        let key: Int64
        let revision: Int64
        let settings: EndpointSettings
        /// The host of its URL.
        let host: String
        let composer: Result<EndpointComposer, InputProblem>

        /// Whether an answer to the one says something about the other.
        func isSame(as other: PendingHandshake) -> Bool { revision == other.revision && settings == other.settings }
    }

    private struct Entry {
        var candidate: PendingHandshake
        var failures = 0
        var due: Timestamp
    }

    /// How many times faster than written the pauses run.
    let speed: Double
    private var entries: [Int64: Entry] = [:]
    private var running: [Int64: Slot] = [:]
    /// Counts who was taken, and when each node was last.
    private var turns = 0
    private var lastTurn: [String: Int] = [:]

    /// What a handshake that is under way occupies.
    private struct Slot {
        let node: String
        let host: String
        let isRepeat: Bool
    }

    /// Handshakes under way at once.
    static let limit = 8
    /// Of one node's endpoints.
    static let limitPerNode = 4
    /// With one host, whoever's endpoints those are.
    static let limitPerHost = 2
    /// Of endpoints that have failed before, so that new ones never wait for them.
    static let limitOfRepeats = 4
    /// Pauses after the first failure, the second, and all later ones.
    static let pausesMilliseconds: [Int64] = [60_000, 600_000, 3_600_000]

    init(speed: Double) { self.speed = speed }

    /// Takes the list of all endpoints that are unverified now. New ones and those with other settings are asked at once.
    mutating func update(_ candidates: [PendingHandshake], at now: Timestamp) {
        let known = entries
        entries.removeAll(keepingCapacity: true)
        for candidate in candidates {
            if let entry = known[candidate.key], entry.candidate.isSame(as: candidate) {
                entries[candidate.key] = entry
            } else {
                entries[candidate.key] = Entry(candidate: candidate, due: now)
            }
        }
        let nodes = Set(candidates.map(\.settings.node))
        lastTurn = lastTurn.filter { nodes.contains($0.key) }
    }

    /// Takes out who is to be asked now, each once at a time: nodes in turn, and of each the longest waiting first.
    mutating func take(at now: Timestamp) -> [PendingHandshake] {
        var taken: [PendingHandshake] = []
        while let entry = next(at: now) {
            let candidate = entry.candidate
            running[candidate.key] = Slot(node: candidate.settings.node, host: candidate.host, isRepeat: entry.failures > 0)
            turns += 1
            lastTurn[candidate.settings.node] = turns
            taken.append(candidate)
        }
        return taken
    }

    private func next(at now: Timestamp) -> Entry? {
        entries.values.filter { isDue($0, now) && hasRoom($0) }.min { a, b in
            let (turnOfA, turnOfB) = (lastTurn[a.candidate.settings.node] ?? 0, lastTurn[b.candidate.settings.node] ?? 0)
            return (turnOfA, a.due, a.candidate.key) < (turnOfB, b.due, b.candidate.key)
        }
    }

    /// Whether there is a slot for one that is not under way.
    private func hasRoom(_ entry: Entry) -> Bool {
        guard running.count < Self.limit, running[entry.candidate.key] == nil else { return false }
        let slots = running.values
        return slots.count { $0.node == entry.candidate.settings.node } < Self.limitPerNode
            && slots.count { $0.host == entry.candidate.host } < Self.limitPerHost
            && (entry.failures == 0 || slots.count { $0.isRepeat } < Self.limitOfRepeats)
    }

    /// A clock that was put back must not make a pause longer than the longest one.
    private func isDue(_ entry: Entry, _ now: Timestamp) -> Bool {
        entry.due <= now || entry.due > now.advanced(byMilliseconds: pause(after: .max))
    }

    private func pause(after failures: Int) -> Int64 {
        Transition.scaled(Self.pausesMilliseconds[min(failures, Self.pausesMilliseconds.count) - 1], speed)
    }

    /// The result of asking one.
    enum Outcome {
        case verified
        case failed
        /// It could not be asked, or the answer could not be recorded.
        case undecided
    }

    /// One that was taken is done.
    /// - Returns: When it is asked again; `nil` when it is not, or something newer is to be asked instead.
    mutating func finished(_ candidate: PendingHandshake, _ outcome: Outcome, at now: Timestamp) -> Timestamp? {
        running[candidate.key] = nil
        guard var entry = entries[candidate.key], entry.candidate.isSame(as: candidate) else { return nil }
        if outcome == .verified {
            entries[candidate.key] = nil
            return nil
        }
        if outcome == .failed { entry.failures += 1 }
        entry.due = now.advanced(byMilliseconds: pause(after: max(1, entry.failures)))
        entries[candidate.key] = entry
        return entry.due
    }

    /// Whether anybody is under way.
    var isRunning: Bool { !running.isEmpty }

    /// Whether somebody waits for the first answer; what hangs on it is not settled.
    var hasUnasked: Bool { entries.values.contains { $0.failures == 0 } }

    /// When to look again; `nil` when only a change or an answer matters.
    var nextDue: Timestamp? {
        // Whoever waits for a slot is looked at again when one under way ends.
        entries.values.lazy.filter { hasRoom($0) }.map(\.due).min()
    }
}
