/// When an endpoint counts as failing, when nothing but a probe is sent to it any more, and when it is switched off.
public struct HealthPolicy: Sendable, Hashable {
    /// After so many failed attempts in a row it is suspended; `nil` for never.
    public var suspendAfter: Int?
    /// When attempts have failed for so long without a success, it is disabled; `nil` for never.
    public var disableAfterMilliseconds: Int64?
    /// Whether it is disabled when its receiver says that it is gone (410), and says so again a minute later.
    public var goneDisables: Bool

    /// A policy; fewer than two failures suspend nothing.
    public init(suspendAfter: Int) { self.init(suspendAfter: suspendAfter, disableAfterMilliseconds: nil) }

    /// A policy.
    /// - Parameters:
    ///   - suspendAfter: After so many failed attempts in a row it is suspended, after two at least; `nil` for never.
    ///   - disableAfterMilliseconds: After so long it is disabled; `nil` for never.
    ///   - goneDisables: Whether two answers of 410 disable it.
    public init(suspendAfter: Int? = nil, disableAfterMilliseconds: Int64?, goneDisables: Bool = false) {
        self.suspendAfter = suspendAfter.map { max(2, $0) }
        self.disableAfterMilliseconds = disableAfterMilliseconds
        self.goneDisables = goneDisables
    }

    /// What an endpoint's own settings leave of the engine's.
    /// - Returns: `nil` when nothing is left that would happen.
    public init?(_ settings: HealthSettings?, default usual: HealthPolicy?) {
        func value<Value: Comparable & ExpressibleByIntegerLiteral>(_ own: Value?, _ usual: Value?) -> Value? {
            guard let own else { return usual }
            return own == 0 ? nil : own
        }
        self.init(
            suspendAfter: value(settings?.suspendAfter, usual?.suspendAfter),
            disableAfterMilliseconds: value(settings?.disableAfterMilliseconds, usual?.disableAfterMilliseconds),
            goneDisables: settings?.goneDisables ?? usual?.goneDisables ?? false
        )
        if suspendAfter == nil, disableAfterMilliseconds == nil, !goneDisables { return nil }
    }

    /// After so many it counts as failing.
    public var failingAfter: Int {
        let half = suspendAfter.map { max(1, $0 / 2) } ?? Self.fewFailures
        return disableAfterMilliseconds == nil ? half : min(half, Self.fewFailures)
    }

    /// Fewer failures in a row disable nothing, however long they last.
    public static let fewFailures = 3
    /// The pause before the first probe of a suspended endpoint.
    public static let firstPauseMilliseconds: Int64 = 60_000
    /// The longest pause between two probes.
    public static let longestPauseMilliseconds: Int64 = 3_600_000
    /// An answer of 410 is confirmed by one to a request that started so much later.
    public static let goneConfirmationMilliseconds: Int64 = 60_000
    /// Parts of the time until it is disabled, in percent, of each of which word is given before.
    public static let noticePercents = [50, 75, 90]

    /// How long a suspended endpoint is left alone after so many probes that failed.
    public static func pauseMilliseconds(afterProbes probes: Int) -> Int64 {
        min(longestPauseMilliseconds, firstPauseMilliseconds << Int64(min(max(0, probes), 10)))
    }
}
