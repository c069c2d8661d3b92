#if PostgreSQL
/// From which number on an engine looks for arrivals: pure.
///
/// Rows of events that have their deliveries stay where they are for as long as a session keeps the server from removing them (a dump, a
/// transaction left open). A look at all numbers walks over them, so once that takes time it is done now and then.
struct ArrivalFloor: Equatable {
    /// Transactions that overlap give theirs out so far behind the last one, as a rule.
    static let margin: Int64 = 512
    /// A look at all numbers that takes less is done each time.
    static let shortMicroseconds: Int64 = 1000
    /// One that takes longer has at most this part of the time.
    static let share: Int64 = 32
    /// What one can have taken at most: the server's clock may have been set meanwhile.
    static let longestMicroseconds: Int64 = 10_000_000

    private var highest: Int64 = 0
    private var nextFullAt: Int64 = 0

    /// Behind what was seen.
    var near: Int64 { max(0, highest - Self.margin) }

    /// Above which number the next look begins.
    func next(at now: Int64) -> Int64 { now >= nextFullAt ? 0 : near }

    /// An arrival was read.
    mutating func saw(_ number: Int64) { highest = max(highest, number) }

    /// A look has taken so long on the server.
    mutating func looked(from floor: Int64, microseconds: Int64, at now: Int64) {
        if floor != 0 { return }
        let taken = min(microseconds, Self.longestMicroseconds)
        nextFullAt = taken < Self.shortMicroseconds ? 0 : now + taken * 1000 * Self.share
    }
}
#endif
