import PosthornModel
import PosthornSigning

/// Which endpoints are to prove themselves, and when each is asked. Decides alone; a ``HandshakeRunner`` carries it out.
struct HandshakeQueue {
    /// An endpoint that has not proved itself.
    struct Candidate: Sendable {
        let key: Int64
        let revision: Int64
        let settings: EndpointSettings
        let composer: Result<EndpointComposer, InputProblem>

        /// Whether an answer to the one says something about the other.
        func isSame(as other: Candidate) -> Bool { revision == other.revision && settings == other.settings }
    }

    private struct Entry {
        var candidate: Candidate
        var failures = 0
        var due: Timestamp
    }

    /// How many times faster than written the pauses run.
    let speed: Double
    private var entries: [Int64: Entry] = [:]
    private var running: Set<Int64> = []

    /// Handshakes under way at once.
    static let limit = 4
    /// Pauses after the first failure, the second, and all later ones.
    static let pausesMilliseconds: [Int64] = [60_000, 600_000, 3_600_000]

    init(speed: Double) { self.speed = speed }

    /// Takes the list of all endpoints that are unverified now. New ones and those with other settings are asked at once.
    mutating func update(_ candidates: [Candidate], at now: Timestamp) {
        let known = entries
        entries.removeAll(keepingCapacity: true)
        for candidate in candidates {
            if let entry = known[candidate.key], entry.candidate.isSame(as: candidate) {
                entries[candidate.key] = entry
            } else {
                entries[candidate.key] = Entry(candidate: candidate, due: now)
            }
        }
    }

    /// Takes out who is to be asked now: longest waiting first, each once at a time.
    mutating func take(at now: Timestamp) -> [Candidate] {
        guard running.count < Self.limit else { return [] }
        let due = entries.values.filter { isDue($0, now) && !running.contains($0.candidate.key) }
            .sorted { ($0.due, $0.candidate.key) < ($1.due, $1.candidate.key) }
            .prefix(Self.limit - running.count)
            .map(\.candidate)
        running.formUnion(due.map(\.key))
        return due
    }

    /// A clock that was put back must not make a pause longer than the longest one.
    private func isDue(_ entry: Entry, _ now: Timestamp) -> Bool {
        entry.due <= now || entry.due > now.advanced(byMilliseconds: pause(after: .max))
    }

    private func pause(after failures: Int) -> Int64 {
        Transition.scaled(Self.pausesMilliseconds[min(failures, Self.pausesMilliseconds.count) - 1], speed)
    }

    /// What came of asking one.
    enum Outcome {
        case verified
        case failed
        /// It could not be asked, or the answer could not be recorded.
        case undecided
    }

    /// One that was taken is done.
    /// - Returns: When it is asked again; `nil` when it is not, or something newer is to be asked in its place.
    mutating func finished(_ candidate: Candidate, _ outcome: Outcome, at now: Timestamp) -> Timestamp? {
        running.remove(candidate.key)
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
        if running.count >= Self.limit { return nil }
        return entries.values.lazy.filter { !running.contains($0.candidate.key) }.map(\.due).min()
    }
}
