/// The four levels of the hierarchy, highest first.
public enum Level: String, CaseIterable, Sendable, Comparable {
    case reseller, dealer, company, site

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
