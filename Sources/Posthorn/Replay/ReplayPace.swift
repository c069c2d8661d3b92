/// How many deliveries a replay may make due at a moment: so many a second, evenly, and never more at once than one second's.
struct ReplayPace: Sendable, Equatable {
    let ratePerSecond: Int
    /// Deliveries that may be made due now.
    private var credit: Double
    /// When that was reckoned, in monotonic nanoseconds.
    private var reckoned: Int64

    /// A replay that begins, with one step's worth at once.
    init(ratePerSecond: Int, at nanoseconds: Int64) {
        self.ratePerSecond = ratePerSecond
        credit = 1
        reckoned = nanoseconds
    }

    /// How many may be made due now.
    mutating func allowance(at nanoseconds: Int64) -> Int {
        let seconds = Double(max(0, nanoseconds - reckoned)) / 1e9
        credit = min(Double(ratePerSecond), credit + seconds * Double(ratePerSecond))
        reckoned = nanoseconds
        // A whole one that was added up of parts may lack a trillionth.
        return max(0, Int(credit + 1e-9))
    }

    /// So many were.
    mutating func took(_ count: Int) { credit -= Double(count) }

    /// Milliseconds until the next may be.
    var millisecondsToNext: Int64 { credit + 1e-9 >= 1 ? 0 : Int64(((1 - credit) * 1000 / Double(ratePerSecond)).rounded(.up)) }
}

/// Deliveries that a replay has made due and that no engine has tried yet. While there are many, it makes no more due: what it sends
/// waits behind live traffic, and does not pile up in front of what comes after.
struct ReplayWindow: Sendable, Equatable {
    private struct Entry: Sendable, Equatable {
        let delivery: Int64
        let since: Int64
    }

    private var entries: [Entry] = []

    /// How many may wait at a time.
    static let limit = 256
    /// How long one counts: what waits for a receiver that asked to be left alone holds a replay back for no longer.
    static let patienceNanoseconds: Int64 = 60_000_000_000

    /// The deliveries that count.
    var deliveries: [Int64] { entries.map(\.delivery) }
    /// How many more may be made due.
    var room: Int { max(0, Self.limit - entries.count) }

    /// These were made due.
    mutating func add(_ deliveries: [Int64], at nanoseconds: Int64) {
        entries += deliveries.map { Entry(delivery: $0, since: nanoseconds) }
    }

    /// Forgets those that no longer wait, and those that have waited too long.
    mutating func settle(waiting: Set<Int64>, at nanoseconds: Int64) {
        entries.removeAll { !waiting.contains($0.delivery) || nanoseconds - $0.since >= Self.patienceNanoseconds }
    }
}
