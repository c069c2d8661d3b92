/// When an endpoint counts as failing, and when nothing but a probe is sent to it any more.
public struct HealthPolicy: Sendable, Hashable {
    /// After so many failed attempts in a row it is suspended.
    public var suspendAfter: Int

    /// A policy; fewer than two failures suspend nothing.
    public init(suspendAfter: Int) { self.suspendAfter = max(2, suspendAfter) }

    /// After so many it counts as failing.
    public var failingAfter: Int { max(1, suspendAfter / 2) }

    /// The pause before the first probe of a suspended endpoint.
    public static let firstPauseMilliseconds: Int64 = 60_000
    /// The longest pause between two probes.
    public static let longestPauseMilliseconds: Int64 = 3_600_000

    /// How long a suspended endpoint is left alone after so many probes that failed.
    public static func pauseMilliseconds(afterProbes probes: Int) -> Int64 {
        min(longestPauseMilliseconds, firstPauseMilliseconds << Int64(min(max(0, probes), 10)))
    }
}
