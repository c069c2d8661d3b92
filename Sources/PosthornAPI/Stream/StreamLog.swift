import PosthornModel
import PosthornText

/// A delivery that was settled, as streams show it.
struct SettledDelivery: Sendable, Equatable {
    let delivery: Int64
    let event: String
    let type: String
    let node: String
    let endpoint: String
    let state: DeliveryState
    let attempt: Int
    let status: Int?
    let error: AttemptError?
}

/// The newest settled deliveries, each with a number by which a client that comes back goes on. Older ones go, and a reader that was
/// behind them learns how many.
struct StreamLog: Sendable {
    private var entries: [SettledDelivery] = []
    /// The number of the first entry.
    private var first = 1
    private let limit: Int

    /// - Parameter limit: How many are kept.
    init(limit: Int) { self.limit = limit }

    /// The number that the next one gets.
    var next: Int { first + entries.count }

    /// Adds one.
    mutating func add(_ entry: SettledDelivery) {
        entries.append(entry)
        // Many at once, so that each costs a constant.
        if entries.count < 2 * limit { return }
        first += entries.count - limit
        entries.removeFirst(entries.count - limit)
    }

    /// Leaves out as many as are lost with a reader that fell behind.
    mutating func skip(_ count: Int) {
        if count <= 0 { return }
        first += entries.count + count
        entries = []
    }

    /// What comes from a number on.
    /// - Returns: The number of the first of them, how many before it are gone, and those that are there, as many as are wanted.
    func read(from number: Int, limit: Int) -> (first: Int, lost: Int, entries: ArraySlice<SettledDelivery>) {
        let lost = max(0, first - number)
        let start = max(number, first)
        return (start, lost, entries[min(entries.count, start - first)...].prefix(limit))
    }

    /// Whether a client that has had everything before a number can go on there.
    func has(_ number: Int) -> Bool { (first...next).contains(number) }
}

/// Where a client was: which run of the server, and the number of the newest delivery that it has seen.
struct StreamPosition: Sendable, Equatable {
    let run: String
    let number: Int

    init(run: String, number: Int) {
        self.run = run
        self.number = number
    }

    /// Reads `Last-Event-ID`; `nil` when it is none of this server's.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, let number = Int(parts[1]), number >= 0, number < .max else { return nil }
        self.init(run: String(parts[0]), number: number)
    }

    /// As it is sent.
    var text: String { "\(run)-\(number)" }
}
