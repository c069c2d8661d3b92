public import PosthornText

/// The spans of time in which attempts are counted.
public enum StatisticsSpan: Int64, CaseIterable, Sendable {
    /// Five minutes, kept for a day.
    case minutes = 300
    /// An hour, kept for ninety days.
    case hour = 3600

    /// Its length.
    public var milliseconds: Int64 { rawValue * 1000 }
    /// How long spans are kept.
    public var keptMilliseconds: Int64 { self == .minutes ? 86_400_000 : 90 * 86_400_000 }

    /// When the span began in which a moment lies.
    public func start(of moment: Timestamp) -> Timestamp {
        let rest = moment.milliseconds % milliseconds
        return Timestamp(milliseconds: moment.milliseconds - (rest < 0 ? rest + milliseconds : rest))
    }
}
