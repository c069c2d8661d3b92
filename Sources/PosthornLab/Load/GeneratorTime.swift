import PosthornSystem

/// What share of its time a sender's thread was busy or waited for a core; of several threads, the one with the least left.
public struct GeneratorTime: Comparable, Sendable {
    /// The share of time in which it ran, from 0 to 1.
    public private(set) var running = 0.0
    /// The share of time in which it could have run and other programs had the cores; 0 where the system does not say.
    public private(set) var waiting = 0.0

    /// From this share on a thread has no time left: the rest is what a wake-up costs.
    static let saturation = 0.9
    /// From this share of waiting on, other programs had the cores so often that it shows in what is measured.
    static let starvation = 0.1

    init() {}

    /// The time between two moments of one thread.
    init(from first: ThreadTime, to last: ThreadTime) {
        let length = Double(max(1, last.monotonic - first.monotonic))
        running = min(1, Double(last.running - first.running) / length)
        waiting = min(1, Double(last.waiting - first.waiting) / length)
    }

    /// Whether it had no time left, or was not given the time it wanted.
    public var isSaturated: Bool { running + waiting >= Self.saturation || waiting >= Self.starvation }

    /// Whether one has more time left than the other.
    public static func < (one: GeneratorTime, other: GeneratorTime) -> Bool {
        one.running + one.waiting < other.running + other.waiting
    }
}
