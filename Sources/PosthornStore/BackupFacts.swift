public import PosthornText

/// A copy of an outbox that was made while it was used.
public struct BackupFacts: Sendable, Hashable {
    /// As of when it is.
    public var takenAt: Timestamp
    /// Its size.
    public var bytes: Int64
    /// How many events are in it.
    public var events: Int64

    /// Facts.
    public init(takenAt: Timestamp, bytes: Int64, events: Int64) {
        self.takenAt = takenAt
        self.bytes = bytes
        self.events = events
    }
}

extension BackupFacts {
    /// The name under which a store keeps it, as a JSON object.
    package static let name = "note_backup"

    /// What ``stored`` has written; `nil` when it means nothing.
    package init?(stored text: String) {
        guard let value = try? JSONValue.parse(Array(text.utf8)) else { return nil }
        func number(_ name: String) -> Int64? { value[name]?.stringValue.flatMap(Int64.init) }
        guard let taken = number("taken"), let bytes = number("bytes"), let events = number("events") else { return nil }
        self.init(takenAt: Timestamp(milliseconds: taken), bytes: bytes, events: events)
    }

    package var stored: String {
        let numbers = [("taken", takenAt.milliseconds), ("bytes", bytes), ("events", events)]
        return JSONValue.object(numbers.map { JSONValue.Member($0.0, .string(String($0.1))) }).text
    }
}
