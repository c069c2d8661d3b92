/// One place in the hierarchy: a reseller, dealer, company or site of the platform.
public struct Node: Hashable, Sendable {
    /// The platform's own id.
    public let id: String
    /// Which of the four levels it stands on.
    public let level: Level
    /// The id of the node above it; levels may be skipped.
    public let parent: String?
    /// A name for people.
    public let name: String?
    /// Who gets a mail when a delivery to one of its endpoints is exhausted.
    public let notificationEmail: String?
    /// What may go out at once to its endpoints and to those of all nodes below it; `nil` for any number.
    public let limits: DeliveryLimits?

    /// A node as the topology file describes it.
    public init(
        id: String,
        level: Level,
        parent: String? = nil,
        name: String? = nil,
        notificationEmail: String? = nil,
        limits: DeliveryLimits? = nil
    ) {
        self.id = id
        self.level = level
        self.parent = parent
        self.name = name
        self.notificationEmail = notificationEmail
        self.limits = limits.flatMap { $0.isEmpty ? nil : $0 }
    }
}
