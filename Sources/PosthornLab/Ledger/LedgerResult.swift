import PosthornModel
public import PosthornText

/// What a receiver's ledger says of the events of a load.
public struct LedgerResult: Equatable, Sendable {
    /// Different events that were sent.
    public private(set) var events: UInt64 = 0
    /// Of these, those that were processed at least once.
    public private(set) var processed: UInt64 = 0
    /// Events that were answered 200 and not processed. Those that a receiver should refuse do not count.
    public private(set) var lost: UInt64 = 0
    /// Events that were processed more than once.
    public private(set) var twice: UInt64 = 0
    /// Events that were processed and never answered 200: their sender tries again.
    public private(set) var unacknowledged: UInt64 = 0
    /// Events that were processed though every request for them was wrongly signed, or signed an hour ago where the time
    /// is signed.
    public private(set) var forged: UInt64 = 0
    /// Lines that name nothing that was sent, or that fit several events.
    public private(set) var unknown: UInt64 = 0

    /// Holds a ledger against what was sent.
    init(_ ledger: Ledger, against book: SentRequests) {
        var events: [(isGenuine: Bool, wasAccepted: Bool, times: UInt64)] = []
        var positions: [UInt64: Int] = [:]
        positions.reserveCapacity(2 * book.entries.count)
        for entry in book.entries {
            let position: Int
            if let known = positions[entry.event], known >= 0 {
                position = known
            } else {
                position = events.count
                events.append((false, false, 0))
                positions[entry.event] = position
            }
            if !entry.isToBeRefused { events[position].isGenuine = true }
            if entry.wasAccepted { events[position].wasAccepted = true }
            for name in [entry.object, entry.digest] where name != 0 {
                // A name of two events names none.
                if let other = positions[name], other != position { positions[name] = Self.ambiguous } else { positions[name] = position }
            }
        }
        for line in ledger.lines {
            if let position = line.lazy.compactMap({ positions[$0] }).first(where: { $0 >= 0 }) {
                events[position].times += 1
            } else {
                unknown += 1
            }
        }
        self.events = UInt64(events.count)
        for event in events {
            if event.times > 0 { processed += 1 }
            if event.times > 1 { twice += 1 }
            if event.times == 0, event.wasAccepted, event.isGenuine { lost += 1 }
            if event.times > 0, !event.isGenuine { forged += 1 }
            if event.times > 0, event.isGenuine, !event.wasAccepted { unacknowledged += 1 }
        }
    }

    private static let ambiguous = -1

    /// Whether it names no event of the load at all although some were answered 200: either the receiver has processed
    /// nothing, or this is not its ledger, which nobody can tell from here.
    public var namesNothing: Bool { processed == 0 && lost > 0 }

    /// Everything that is not as it should be, in words.
    public var findings: [String] {
        let sentences: [(UInt64, String)] = [
            (lost, "answered 200 and never processed"), (twice, "processed more than once"),
            (unacknowledged, "processed and never answered 200, so their sender goes on trying"),
            (forged, "processed though wrongly signed or replayed"),
        ]
        let events = sentences.filter { $0.0 > 0 }.map {
            "\(LoadReport.grouped($0.0)) of \(LoadReport.grouped(self.events)) events were \($0.1)"
        }
        return events + (unknown == 0 ? [] : ["\(LoadReport.grouped(unknown)) lines of the ledger name no event of this load, or several"])
    }

    /// The counts by their names, in the order of the reports.
    public var counts: [(name: String, count: UInt64)] {
        [
            ("events", events), ("processed", processed), ("lost", lost), ("twice", twice), ("unacknowledged", unacknowledged),
            ("forged", forged), ("unknown", unknown),
        ]
    }

    /// The counts as one JSON object.
    public var json: JSONValue { .object(counts.map { .init($0.name, .number(String($0.count))) }) }
}
