import PosthornModel
import PosthornText

/// What one thread of a load has sent, kept so that a receiver's ledger can be held against it: 32 bytes a request.
struct SentRequests: Sendable {
    /// One request.
    struct Entry: Sendable {
        /// The event's id, which several requests share where the event was sent again.
        let event: UInt64
        /// The id of the object that the data are about; 0 when they have none.
        let object: UInt64
        /// SHA-256 of the body, or of the query where there is no body.
        let digest: UInt64
        /// Whether a receiver that does its checks refuses it.
        let isToBeRefused: Bool
        /// Whether it was answered 200.
        var wasAccepted = false
    }

    private(set) var entries: [Entry] = []

    /// Writes a request down, and says under which number.
    mutating func note(event: String, object: [UInt8]?, digest: String, isToBeRefused: Bool) -> Int {
        entries.append(
            Entry(
                event: Self.key(event.utf8),
                object: object.map { Self.key($0) } ?? 0,
                digest: Self.key(digest.utf8),
                isToBeRefused: isToBeRefused
            )
        )
        return entries.count - 1
    }

    /// The request of a number was answered 200.
    mutating func accept(_ number: Int) { entries[number].wasAccepted = true }

    mutating func merge(_ other: SentRequests) { entries += other.entries }

    /// A name as a number; two names share one about once in 2^64 pairs.
    static func key(_ name: some Sequence<UInt8>) -> UInt64 {
        var hash = StableHash()
        hash.add(name)
        return hash.value
    }
}
