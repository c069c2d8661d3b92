#if PostgreSQL
/// Finds the engines that are dead: those whose number has not changed for so long, by the observer's own clock, that their lease has ended
/// by theirs. No two clocks are compared. Pure.
struct BeatObserver {
    /// How long an engine's lease lasts from the moment at which it has sent its last beat.
    static let leaseNanoseconds: Int64 = 5_000_000_000
    /// How long others wait from the moment at which they have seen that beat first, which is later.
    static let patienceNanoseconds: Int64 = 5_500_000_000

    private var seen: [Int64: (beat: Int64, since: Int64)] = [:]

    /// An engine, with the number that it counts up.
    struct Beat: Hashable {
        let engine: Int64
        let beat: Int64
    }

    /// Takes a look.
    /// - Parameters:
    ///   - beats: Of all engines.
    ///   - now: In monotonic nanoseconds.
    /// - Returns: Those that are dead.
    mutating func look(_ beats: [Beat], at now: Int64) -> [Beat] {
        var next: [Int64: (beat: Int64, since: Int64)] = [:]
        for beat in beats {
            let before = seen[beat.engine]
            next[beat.engine] = before?.beat == beat.beat ? before : (beat.beat, now)
        }
        seen = next
        return beats.filter { now - (next[$0.engine]?.since ?? now) >= Self.patienceNanoseconds }
    }
}
#endif
