import PosthornModel
import PosthornText

/// What endpoints' newest dated answers say of this machine's clock: pure.
struct SkewSamples {
    /// What one has said.
    private struct Sample {
        /// Its time minus ours.
        var milliseconds: Int64
        /// What our clock would have shown at the start of one that is never set: where that has changed, ours was set since.
        var origin: Int64
    }

    private var samples: [Int: Sample] = [:]

    /// Endpoints whose time is remembered: more would say no more.
    private static let limit = 1000
    /// An answer that is looked at so long after its end may be from before our clock was set.
    private static let ageLimitMilliseconds: Int64 = 60_000

    /// Takes note of a receiver's time, if the answer says it.
    /// - Parameters:
    ///   - now: Our time.
    ///   - elapsed: Milliseconds by a clock that is never set.
    /// - Returns: Whether this endpoint has said its time for the first time.
    mutating func saw(_ outcome: AttemptOutcome, ofEndpoint endpoint: Int, at now: Timestamp, elapsed: Int64) -> Bool {
        let duration = outcome.durationMicroseconds / 1000
        let age = now.milliseconds - outcome.started.milliseconds - duration
        guard let date = outcome.receiverDate, abs(age) <= Self.ageLimitMilliseconds,
            let sample = ClockSkew.sample(date: date, started: outcome.started, durationMilliseconds: duration)
        else { return false }
        let isNew = samples[endpoint] == nil
        if isNew, samples.count >= Self.limit { return false }
        samples[endpoint] = Sample(milliseconds: sample, origin: now.milliseconds - elapsed)
        return isNew
    }

    /// Lets go of what an endpoint has said.
    mutating func forget(_ endpoint: Int) { samples[endpoint] = nil }

    /// How far receivers' clocks are from ours as it is now; `nil` when none has said its time.
    func skew(at now: Timestamp, elapsed: Int64) -> ClockSkew? {
        let origin = now.milliseconds - elapsed
        return ClockSkew(samples: samples.values.map { $0.milliseconds - (origin - $0.origin) })
    }
}
