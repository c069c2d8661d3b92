public import PosthornText

/// A type of event that a vendor's receivers know, for those who choose what an endpoint shall get.
///
/// An outbox takes any type, known or not; the catalogue restricts nothing.
public struct KnownEventType: Sendable, Hashable {
    /// Whose type it is.
    public let vendor: Vendor
    /// The type, as it stands in events and patterns.
    public let type: String
    /// What has happened, in one sentence.
    public let summary: String
    /// The data of such an event: one JSON object.
    public let example: JSONValue

    /// The lowest level of the hierarchy that gets such events; those above it get them too.
    public var lowestLevel: Level { EventType.lowestReceivingLevel(type) }

    /// Reads the example.
    init(_ vendor: Vendor, _ type: String, _ summary: String, _ example: String) {
        self.vendor = vendor
        self.type = type
        self.summary = summary
        // A text that is no JSON becomes null, which a test finds.
        self.example = (try? JSONValue.parse(Array(example.utf8))) ?? .null
    }

    /// All types that are known, by vendor. Standard Webhooks prescribes none.
    public static let all = weseedo + diio + conference + webio + voiso

    /// Those of a vendor.
    public static func all(of vendor: Vendor) -> [KnownEventType] { all.filter { $0.vendor == vendor } }
}
