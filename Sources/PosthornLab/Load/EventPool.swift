import PosthornModel
import PosthornText

/// Events of a vendor, made or read before a load starts, so that this costs nothing while it runs.
///
/// Made-up ones are used again and again, each time with ids of their own; recorded ones go out as they are.
struct EventPool: Sendable {
    private struct Entry: Sendable {
        let event: Event
        /// The id inside the data, which changes from event to event; `nil` when there is none.
        let stamp: IdentityStamp?
    }

    private let entries: [Entry]
    /// Whether events keep the ids and times that they have.
    let isRecorded: Bool

    /// One event again and again.
    init(type: String, data: [UInt8]) {
        let event = Event(id: "", type: type, node: "lab", created: Timestamp(milliseconds: 0), data: data)
        entries = [Entry(event: event, stamp: IdentityStamp(data))]
        isRecorded = false
    }

    /// Events that happened; at least one.
    init(recorded events: [Event]) {
        entries = events.map { Entry(event: $0, stamp: nil) }
        isRecorded = true
    }

    /// Examples of a vendor's file, of which each event has one in turn.
    /// - Parameter mix: How many there are of each type; `nil` for all examples in turn.
    init(samples: [(type: String, data: [UInt8])], mix: TypeMix? = nil) throws(InputProblem) {
        let moment = Timestamp(milliseconds: 0)
        let all = samples.map { Entry(event: Event(id: "", type: $0.type, node: "lab", created: moment, data: $0.data), stamp: nil) }
        entries =
            try mix.map { (mix) throws(InputProblem) in
                try mix.arranged(
                    mix.items.indices.map { item in all.filter { mix.item(of: $0.event.type) == item } },
                    types: Self.names(samples.map(\.type))
                )
            } ?? all
        isRecorded = false
    }

    /// Events of a scenario.
    /// - Parameters:
    ///   - wants: Which types.
    ///   - size: How many are made.
    ///   - mix: How many there are of each type; `nil` for as many as the story has.
    init(
        _ vendor: ScenarioVendor,
        seed: UInt64,
        at now: Timestamp,
        size: Int,
        mix: TypeMix? = nil,
        wants: (String) -> Bool
    ) throws(InputProblem) {
        var scenario = Scenario(vendor, seed: seed)
        guard scenario.types.contains(where: wants) else {
            throw InputProblem(
                .unknownWord,
                field: "event",
                reason: "fits none of \(vendor.rawValue)'s types: \(scenario.types.joined(separator: ", "))"
            )
        }
        // Known before a story is told that never comes to it.
        let types = scenario.types
        if let mix { _ = try mix.arranged(mix.items.indices.map { item in types.filter { mix.item(of: $0) == item } }, types: types) }
        var entries: [Entry] = []
        var moment = now.advanced(byMilliseconds: -1000 * Int64(size))
        // Types take turns in the scenario, so a wanted one comes soon; the bound is for a story that never comes to it.
        var missing = Set(mix?.items.indices ?? 0..<0)
        for _ in 0..<(size * 100) where entries.count < size || !missing.isEmpty {
            moment = moment.advanced(byMilliseconds: 1000)
            let event = scenario.next(at: min(moment, now)).event
            if let mix, wants(event.type), let item = mix.item(of: event.type) { missing.remove(item) }
            if wants(event.type) { entries.append(Entry(event: event, stamp: IdentityStamp(event.data))) }
        }
        self.entries =
            try mix.map { (mix) throws(InputProblem) in
                try mix.arranged(mix.items.indices.map { item in entries.filter { mix.item(of: $0.event.type) == item } }, types: types)
            } ?? entries
        isRecorded = false
    }

    /// The types of its events, in alphabetical order.
    var types: [String] { Self.names(entries.map(\.event.type)) }

    private static func names(_ types: [String]) -> [String] { Set(types).sorted() }

    /// How many events there are before they begin again.
    var count: Int { entries.count }

    /// The type of the event at a place, whose turns begin again after the last one.
    func type(at place: UInt64) -> String { entries[Int(place % UInt64(entries.count))].event.type }

    /// Whether the data of every event say which object they are about, so that no two events are alike.
    var isTellable: Bool { isRecorded || entries.allSatisfy { $0.stamp != nil } }

    /// The event of a number.
    /// - Parameters:
    ///   - number: What makes its object another one than that of every other event.
    ///   - place: Which of the events it is made of, whose turns begin again after the last one; by default that of its number.
    ///   - id: Its id, unless it is recorded.
    ///   - created: When it happened, unless it is recorded.
    func event(_ number: UInt64, place: UInt64? = nil, id: String, created: Timestamp) -> Event {
        let entry = entries[Int((place ?? number) % UInt64(entries.count))]
        if isRecorded { return entry.event }
        let data = entry.stamp?.data(number) ?? entry.event.data
        return Event(id: id, type: entry.event.type, node: entry.event.node, created: created, data: data)
    }
}

/// The place in an event's data where the id of its object stands, so that each event can have another.
struct IdentityStamp: Sendable {
    private let head: [UInt8]
    private let tail: [UInt8]

    /// Members of the vendors' data that say which object it is, the surest first. A picture of a conference's host has
    /// nothing but the host.
    private static let members = ["id", "uuid", "communicationActionId", "conference_id", "host_id"]
    private static let digits = 10

    /// `nil` when the data have no such member.
    init?(_ data: [UInt8]) {
        guard let value = Self.place(in: data) else { return nil }
        let isText = data[value.lowerBound] == UInt8(ascii: "\"")
        let place = isText ? (value.lowerBound + 1)..<(value.upperBound - 1) : value
        if !isText, !data[place].allSatisfy({ (0x30...0x39).contains($0) }) { return nil }
        let tail = data[place].reversed().prefix { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }.count
        // The first character stays, since a number must not begin with 0.
        let replaced = min(tail, Self.digits, max(0, place.count - 1))
        head = Array(data[..<(place.upperBound - replaced)])
        self.tail = Array(data[place.upperBound...])
    }

    /// The data with the id of a number: ten digits, so that 10^10 events differ.
    func data(_ number: UInt64) -> [UInt8] {
        var data = head
        data.reserveCapacity(head.count + Self.digits + tail.count)
        var rest = number
        var digits: [UInt8] = []
        for _ in 0..<Self.digits {
            digits.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        }
        data.append(contentsOf: digits.reversed())
        data.append(contentsOf: tail)
        return data
    }

    /// The id of the object that data are about, as it is written; `nil` when they have none.
    static func identity(in data: [UInt8]) -> [UInt8]? {
        guard let place = place(in: data) else { return nil }
        let isText = data[place.lowerBound] == UInt8(ascii: "\"")
        return Array(isText ? data[(place.lowerBound + 1)..<(place.upperBound - 1)] : data[place])
    }

    /// Where the value of the surest member is that holds a text or a number.
    private static func place(in data: [UInt8]) -> Range<Int>? {
        var found: (rank: Int, place: Range<Int>)?
        _ = try? JSONScanner.read(data) { (scanner) throws(JSONProblem) in
            try scanner.members { (key, inner) throws(JSONProblem) in
                let rank = members.firstIndex(of: inner.decodeString(key))
                let kind = try inner.peek()
                let place = try inner.skipValue()
                guard let rank, kind == .string || kind == .number, rank < found?.rank ?? .max else { return }
                found = (rank, place)
            }
        }
        return found?.place
    }
}
