/// When each connection's time is up: a list for each limit, in the order in which its connections came under it, which is
/// the order of their deadlines. Nothing is sorted, and the oldest idle connection is the first of its list.
struct DeadlineTable: Sendable {
    private struct Entry: Sendable {
        var previous: Int32 = -1
        var next: Int32 = -1
        var timer = ConnectionTimer.none
        var deadline = Int64.max
    }

    private var entries: [Entry] = []
    private var first = [Int32](repeating: -1, count: ConnectionTimer.allCases.count)
    private var last = [Int32](repeating: -1, count: ConnectionTimer.allCases.count)
    /// How long each limit is, in nanoseconds; `nil` for none.
    private let lengths: [Int64?]

    /// - Parameter milliseconds: How long a limit is; `nil` for none.
    init(_ milliseconds: (ConnectionTimer) -> Int?) {
        lengths = ConnectionTimer.allCases.map { timer in milliseconds(timer).map { Int64($0) * 1_000_000 } }
    }

    /// Puts a slot under a limit from now on, whatever it was under before.
    mutating func start(_ timer: ConnectionTimer, slot: Int, now: Int64) {
        while entries.count <= slot { entries.append(Entry()) }
        unlink(slot)
        guard timer != .none else { return }
        let place = timer.rawValue
        entries[slot] = Entry(previous: last[place], next: -1, timer: timer, deadline: lengths[place].map { now + $0 } ?? .max)
        if last[place] >= 0 { entries[Int(last[place])].next = Int32(slot) } else { first[place] = Int32(slot) }
        last[place] = Int32(slot)
    }

    /// Takes a slot out.
    mutating func remove(slot: Int) {
        guard slot < entries.count else { return }
        unlink(slot)
    }

    /// Which limit a slot is under.
    func timer(slot: Int) -> ConnectionTimer { slot < entries.count ? entries[slot].timer : .none }

    /// A slot whose time is up, with its limit.
    func expired(now: Int64) -> (slot: Int, timer: ConnectionTimer)? {
        for timer in ConnectionTimer.allCases {
            let slot = Int(first[timer.rawValue])
            if slot >= 0, entries[slot].deadline <= now { return (slot, timer) }
        }
        return nil
    }

    /// The earliest deadline; `nil` when there is none.
    var next: Int64? {
        var earliest = Int64.max
        for slot in first where slot >= 0 { earliest = min(earliest, entries[Int(slot)].deadline) }
        return earliest == .max ? nil : earliest
    }

    /// The slots under a limit, the longest there first.
    func slots(under timer: ConnectionTimer, atMost limit: Int) -> [Int] {
        var slots: [Int] = []
        var slot = Int(first[timer.rawValue])
        while slot >= 0, slots.count < limit {
            slots.append(slot)
            slot = Int(entries[slot].next)
        }
        return slots
    }

    private mutating func unlink(_ slot: Int) {
        let entry = entries[slot]
        guard entry.timer != .none else { return }
        let place = entry.timer.rawValue
        if entry.previous >= 0 { entries[Int(entry.previous)].next = entry.next } else { first[place] = entry.next }
        if entry.next >= 0 { entries[Int(entry.next)].previous = entry.previous } else { last[place] = entry.previous }
        entries[slot] = Entry()
    }
}
