import PosthornStore

/// The lengths of a step that can be asked for.
package enum StatisticsStep: String, CaseIterable, Sendable {
    case fiveMinutes = "5m"
    case hour = "1h"
    case day = "1d"

    /// Its length.
    package var milliseconds: Int64 {
        switch self {
        case .fiveMinutes: return 300_000
        case .hour: return 3_600_000
        case .day: return 86_400_000
        }
    }

    /// The spans that it is made of.
    var span: StatisticsSpan { self == .fiveMinutes ? .minutes : .hour }
    /// How far back it goes unless it is told otherwise.
    var usualMilliseconds: Int64 { self == .day ? 30 * 86_400_000 : self == .hour ? 86_400_000 : 3_600_000 }
}
