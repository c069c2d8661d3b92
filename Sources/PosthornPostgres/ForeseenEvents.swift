#if PostgreSQL
import PosthornModel

/// Events that are asked for one by one while a page of deliveries is visited: pure. None is read before one is asked for, since those of
/// deliveries that are passed over are not; that one is read together with those behind it, and those in front of it are let go of.
struct ForeseenEvents {
    /// An event, and whether the library checked it when it was accepted.
    typealias Found = (event: Event, isChecked: Bool)

    private var known: [Int64: Found] = [:]
    /// The event of each row of the page, and which row is being visited.
    private var page: [Int64] = []
    private var row = 0

    /// Of one that is in memory.
    subscript(seq: Int64) -> Found? {
        get { known[seq] }
        set { known[seq] = newValue }
    }

    /// Rows of these events are about to be visited. What was known of others is let go of.
    mutating func turn(to page: [Int64]) {
        (self.page, row) = (page, 0)
        let seqs = Set(page)
        known = known.filter { seqs.contains($0.key) }
    }

    /// One of them is visited now.
    mutating func visit(_ row: Int) { self.row = row }

    /// What to read for an event that is not known: with the one of the row that is visited also those of the rows behind it, in their order.
    func sought(_ seq: Int64) -> [Int64] {
        guard row < page.count, page[row] == seq else { return [seq] }
        var seqs: Set<Int64> = []
        return page[row...].filter { known[$0] == nil && seqs.insert($0).inserted }
    }

    /// What was read of them. Events of rows that are behind the visit are not asked for again.
    mutating func keep(_ found: [Int64: Found]) {
        let ahead = Set(page.dropFirst(row))
        known = known.filter { ahead.contains($0.key) }.merging(found, uniquingKeysWith: { $1 })
    }
}
#endif
