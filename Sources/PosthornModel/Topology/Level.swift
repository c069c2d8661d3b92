/// The four levels of the hierarchy, highest first.
public enum Level: String, CaseIterable, Sendable, Comparable {
    /// The highest: has dealers, companies and sites below it.
    case reseller
    /// Below a reseller; has companies and sites below it.
    case dealer
    /// Below a dealer or reseller; has sites below it.
    case company
    /// The lowest.
    case site

    /// 4 for a reseller down to 1 for a site.
    public var rank: Int {
        switch self {
        case .reseller: return 4
        case .dealer: return 3
        case .company: return 2
        case .site: return 1
        }
    }

    /// Lower before higher: a site is less than a reseller.
    public static func < (a: Level, b: Level) -> Bool { a.rank < b.rank }
}

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

    /// A node as the topology file describes it.
    public init(id: String, level: Level, parent: String? = nil, name: String? = nil, notificationEmail: String? = nil) {
        self.id = id
        self.level = level
        self.parent = parent
        self.name = name
        self.notificationEmail = notificationEmail
    }
}
