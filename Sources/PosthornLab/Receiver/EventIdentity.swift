/// Which event a request carries, as far as its headers, query and body tell.
public struct EventIdentity: Equatable, Sendable {
    /// The event's id, or that of the object it is about; `nil` when the format has none.
    public let id: String?
    /// The event's type; `nil` when none was found.
    public let type: String?
    /// The sender's own count of its attempts, where the format has one (WeSeeDo).
    public let attempt: Int?
    /// Why the body could not be read as JSON; `nil` when it could, or when there is none.
    public let problem: String?
    /// The same for every attempt of one event at one path, different for everything else.
    public let key: UInt64
}
