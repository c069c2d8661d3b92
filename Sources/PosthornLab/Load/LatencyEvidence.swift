import Glibc

/// What measured latencies say about a bound: that the latency is below it, that it is not, or that this cannot be known.
///
/// Two things are uncertain. A request that left late because the generator lacked the time was answered sooner, seen from the
/// receiver, than its latency says; and one that this machine could not send at all might have been answered in any time. So each
/// statement is looked at twice, once with all doubt against the receiver and once in its favour, and holds when both agree.
/// A request that the receiver never answered is no doubt: it is slower than any bound. One that waited for a place on the wire when the
/// load was stopped is slower than what it had waited, and nothing more is known of it.
struct LatencyEvidence {
    /// What was found out about a bound.
    enum Claim: Equatable {
        case below
        case notBelow
        /// With the reason.
        case unknown(String)
    }

    /// Which figure is compared with the bound.
    enum Figure: Equatable {
        case percentile(Double)
        case mean
        case maximum
    }

    let measurements: LoadMeasurements
    /// Whether the generator had no time left and sent by answers, so that nothing was late and all was slowed down.
    let isSaturated: Bool
    /// The deadline of a request in nanoseconds.
    let timeoutNanoseconds: Int64

    private static let saturated = "the generator had no time left or did not get a core, so it may be what was slow"

    /// A percentile is spoken of when less than this chance is left that so many requests all came out as they did otherwise.
    static let doubt = 0.05

    /// How few requests say nothing of a percentile: with fewer, all may lie below a bound although the percentile of
    /// all requests that there could be does not, with more than 5 % probability (0.05 = pⁿ). 299 for p99.
    static func fewestRequests(for percent: Double) -> UInt64 {
        if percent <= 0 || percent >= 100 { return 1 }
        return UInt64((log(doubt) / log(percent / 100) - 1e-9).rounded(.up))
    }

    /// - Parameters:
    ///   - figure: What is compared.
    ///   - bound: In nanoseconds.
    ///   - includesBound: Whether a latency as long as the bound counts as below it.
    func claim(_ figure: Figure, below bound: Double, includesBound: Bool) -> Claim {
        func holds(_ value: Double) -> Bool { includesBound ? value <= bound : value < bound }
        let known = measurements.answered.count + measurements.unanswered.count
        if known == 0 {
            return .unknown(measurements.unsent > 0 ? unsentReason : "no request was answered as it should be")
        }
        let worst = pessimistic(figure).map { holds($0) } ?? false
        let best = optimistic(figure)
        if worst != (best.map { holds($0) } ?? false) { return .unknown(reason(figure)) }
        // It makes answers slow, and does not take them away.
        if !worst, isSaturated, best != nil { return .unknown(Self.saturated) }
        guard case .percentile(let percent) = figure else { return worst ? .below : .notBelow }
        return enough(percent, known, isBelow: worst) { holds(Double($0)) }
    }

    /// Whether there are enough requests for a percentile. Few are enough where so many are slow that chance doesn't explain it.
    private func enough(_ percent: Double, _ count: UInt64, isBelow: Bool, _ holds: (Int64) -> Bool) -> Claim {
        let fewest = Self.fewestRequests(for: percent)
        if count >= fewest { return isBelow ? .below : .notBelow }
        let fast = [measurements.answered, measurements.givenUp].map { $0.count == 0 ? 0 : $0.count(while: holds) }
        let slow = count - fast.reduce(0, +)
        if !isBelow, Self.chance(ofAtLeast: slow, of: count, share: 1 - percent / 100) <= Self.doubt { return .notBelow }
        let requests = "\(LoadReport.grouped(count)) \(count == 1 ? "request is" : "requests are")"
        return .unknown("\(requests) too few for p\(Self.name(percent)), which needs \(LoadReport.grouped(fewest))")
    }

    /// The figure in nanoseconds with all doubt against the receiver; `nil` where it is that of a request without an answer.
    private func pessimistic(_ figure: Figure) -> Double? {
        let answered = measurements.answered
        let missing = measurements.unanswered.count + measurements.unsent
        switch figure {
        case .mean: return missing > 0 ? nil : answered.mean
        case .maximum: return missing > 0 ? nil : Double(answered.maximum)
        case .percentile(let percent):
            let rank = LatencyHistogram.rank(of: percent, among: answered.count + missing)
            return rank <= answered.count ? Double(answered.value(ofRank: rank)) : nil
        }
    }

    /// The same with all doubt in its favour: without what the generator's own lateness added where requests left, and the same
    /// once more for where answers were taken, since one thread does both.
    private func optimistic(_ figure: Figure) -> Double? {
        var answered = measurements.excused
        answered.merge(measurements.givenUp)
        let delays = measurements.ownDelays
        // A generator that was so late may have let a request time out itself.
        let hasMissing = measurements.unanswered.count > 0 && delays.maximum < timeoutNanoseconds / 2
        let missing = hasMissing ? measurements.unanswered.count - measurements.givenUp.count : 0
        switch figure {
        case .mean:
            // Unanswered requests have waited at least so long.
            let never =
                measurements.unanswered.mean * Double(measurements.unanswered.count)
                - measurements.givenUp.mean * Double(measurements.givenUp.count)
            let sum = answered.mean * Double(answered.count) + (missing == 0 ? 0 : never)
            return max(0, sum / Double(max(1, answered.count + missing)) - delays.mean)
        case .maximum: return missing > 0 ? nil : max(0, Double(answered.maximum) - Double(delays.maximum))
        case .percentile(let percent):
            let rank = LatencyHistogram.rank(of: percent, among: answered.count + missing)
            if rank > answered.count { return missing > 0 ? nil : 0 }
            return max(0, Double(answered.value(ofRank: rank)) - Double(delays.percentile(percent)))
        }
    }

    private func reason(_ figure: Figure) -> String {
        if measurements.unsent > 0 { return unsentReason }
        if measurements.givenUp.count > 0 {
            let count = LoadReport.grouped(measurements.givenUp.count)
            return "\(count) \(measurements.givenUp.count == 1 ? "request" : "requests") still waited when the load was stopped"
        }
        if case .mean = figure, measurements.unanswered.count > 0 {
            let count = LoadReport.grouped(measurements.unanswered.count)
            return "\(count) \(measurements.unanswered.count == 1 ? "request was" : "requests were") never answered"
        }
        let late = LoadReport.milliseconds(Double(measurements.ownDelays.maximum))
        return "the generator was late, by up to \(late)"
    }

    private var unsentReason: String {
        let count = LoadReport.grouped(measurements.unsent)
        return "\(count) \(measurements.unsent == 1 ? "request" : "requests") could not be sent by this machine"
    }

    /// The probability of so many hits or more in independent tries (the binomial distribution's upper tail).
    static func chance(ofAtLeast hits: UInt64, of tries: UInt64, share: Double) -> Double {
        if hits == 0 { return 1 }
        var sum = 0.0
        for i in hits...max(hits, tries) where i <= tries {
            let ways = lgamma(Double(tries) + 1) - lgamma(Double(i) + 1) - lgamma(Double(tries - i) + 1)
            sum += exp(ways + Double(i) * log(share) + Double(tries - i) * log1p(-share))
        }
        return min(1, sum)
    }

    private static func name(_ percent: Double) -> String {
        percent == percent.rounded() ? String(Int(percent)) : String(percent)
    }
}
