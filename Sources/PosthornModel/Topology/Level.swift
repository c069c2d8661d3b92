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
