import PosthornModel

/// Events of a vendor, made before a load starts, so that inventing them costs nothing while it runs. They are used again
/// and again, each time with ids of their own.
struct EventPool: Sendable {
    private struct Entry: Sendable {
        let type: String
        let node: String
        let data: [UInt8]
        /// The last characters of the id inside the data, which change from event to event.
        let stamp: Range<Int>?
    }

    private let entries: [Entry]

    /// Members of the vendors' data that say which object it is.
    private static let idMembers: Set<String> = ["id", "uuid", "communicationActionId", "conference_id"]
    private static let stampLimit = 10

    /// One event again and again.
    init(type: String, data: [UInt8]) {
        entries = [Entry(type: type, node: "lab", data: data, stamp: Self.stamp(in: data))]
    }

    /// Events of a scenario.
    /// - Parameters:
    ///   - wants: Which types.
    ///   - size: How many are made.
    init(_ vendor: ScenarioVendor, seed: UInt64, at now: Timestamp, size: Int, wants: (String) -> Bool) throws(InputProblem) {
        var scenario = Scenario(vendor, seed: seed)
        guard scenario.types.contains(where: wants) else {
            throw InputProblem(
                field: "event",
                reason: "fits none of \(vendor.rawValue)'s types: \(scenario.types.joined(separator: ", "))"
            )
        }
        var entries: [Entry] = []
        var moment = now.advanced(byMilliseconds: -1000 * Int64(size))
        // Types take turns in the scenario, so a wanted one comes soon; the bound is for a story that never comes to it.
        for _ in 0..<(size * 100) where entries.count < size {
            moment = moment.advanced(byMilliseconds: 1000)
            let event = scenario.next(at: min(moment, now))
            if wants(event.type) {
                entries.append(Entry(type: event.type, node: event.node, data: event.data, stamp: Self.stamp(in: event.data)))
            }
        }
        self.entries = entries
    }

    /// The event of a number.
    func event(_ number: UInt64, id: String, created: Timestamp) -> Event {
        let entry = entries[Int(number % UInt64(entries.count))]
        var data = entry.data
        if let stamp = entry.stamp {
            var rest = number
            for place in stamp.reversed() {
                data[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
        }
        return Event(id: id, type: entry.type, node: entry.node, created: created, data: data)
    }

    /// Where the data's id ends in letters and digits; `nil` when it has none.
    private static func stamp(in data: [UInt8]) -> Range<Int>? {
        var found: Range<Int>?
        _ = try? JSONScanner.read(data) { (scanner) throws(JSONProblem) in
            try scanner.members { (key, inner) throws(JSONProblem) in
                let isID = idMembers.contains(inner.decodeString(key))
                let place = try inner.skipValue()
                if isID, found == nil { found = place }
            }
        }
        guard var place = found else { return nil }
        if data[place.lowerBound] == UInt8(ascii: "\"") { place = (place.lowerBound + 1)..<(place.upperBound - 1) }
        let tail = data[place].reversed().prefix { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }.prefix(stampLimit).count
        // The first character stays, since a number must not begin with 0.
        let start = max(place.upperBound - tail, place.lowerBound + 1)
        return start < place.upperBound ? start..<place.upperBound : nil
    }
}
