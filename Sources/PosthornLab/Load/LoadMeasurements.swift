import PosthornModel
import PosthornText
import PosthornSending

/// What was measured of a set of requests: all of a load, or those of one step, one type or one URL.
///
/// Latencies of answers that came as they should are kept apart from those of failures, so that a receiver that refuses
/// quickly does not look fast. A request that was never answered has waited at least so long; it counts as slower than any bound.
public struct LoadMeasurements: Sendable {
    /// Requests that have ended.
    public private(set) var requests: UInt64 = 0
    /// Answers by status.
    public private(set) var statuses: [Int: UInt64] = [:]
    /// Failed requests by class: `http_status` for an answer with the wrong status.
    public private(set) var errorsByClass: [String: UInt64] = [:]
    /// From the intended moment to the answer, of requests that were answered as they should be.
    public private(set) var answered = LatencyHistogram()
    /// From the intended moment to the failure, of requests that the receiver never answered.
    public private(set) var unanswered = LatencyHistogram()
    /// Those of `unanswered` that waited for a place on the wire when the load was stopped: an answer might have come at once.
    private(set) var givenUp = LatencyHistogram()
    /// From the intended moment to the answer, of requests that were answered otherwise than they should be.
    public private(set) var failed = LatencyHistogram()
    /// The latencies in `answered` without what the generator's own lateness added.
    public private(set) var excused = LatencyHistogram()
    /// How late the generator itself started requests; one that waited for a place on the wire counts as punctual.
    public private(set) var ownDelays = LatencyHistogram()
    /// Requests that this machine could not send; nothing is known of how the receiver would have answered them.
    public private(set) var unsent: UInt64 = 0

    /// Requests that were due and not sent, because the receiver had asked to be left alone (Retry-After).
    public private(set) var withheld: UInt64 = 0

    /// When the last of them ended, in nanoseconds from the start of the measured part.
    private(set) var lastEnd: Int64 = 0

    /// Failures that are this machine's own.
    static let own: Set<AttemptError> = [.resources, .unbuildable, .refusedAddress]

    init() {}

    /// The result of a request.
    struct Ending {
        let answer: LoadAnswer
        /// Whether it waited for a place on the wire, which is the receiver's doing.
        let wasHeldBack: Bool
        /// Whether a good receiver refuses it.
        let isToBeRefused: Bool
        /// The statuses that count as a success.
        var success: [ClosedRange<Int>] = [200...200]

        /// Whether it was answered with one of them.
        var isSuccess: Bool { status.map { status in success.contains { $0.contains(status) } } ?? false }

        var latency: Int64 { answer.ended - answer.ticket.intended }

        var status: Int? { answer.wholeStatus }

        /// Whether it was answered as it should be: 200, or a refusal of what is to be refused.
        var isExpected: Bool { status != nil && isToBeRefused != isSuccess }

        /// Whether its latency is what bounds look at: that of an expected answer, or of an answer that never came.
        var isJudged: Bool { isExpected || isUnanswered }

        /// Whether the receiver did not answer it.
        var isUnanswered: Bool { status == nil && !LoadMeasurements.own.contains(answer.error ?? .other) }

        /// The class of the failure; `nil` when it was answered as it should be, and when it was answered 200 although it was to
        /// be refused, which is a finding.
        var error: AttemptError? {
            if status == nil { return answer.error ?? .other }
            return isToBeRefused || isSuccess ? nil : .status
        }
    }

    /// - Parameter start: When the measured part began.
    mutating func take(_ ending: Ending, start: Int64 = 0) {
        let answer = ending.answer
        requests += 1
        lastEnd = max(lastEnd, answer.ended - start)
        if let status = ending.status { statuses[status, default: 0] += 1 }
        if let error = ending.error { errorsByClass[error.rawValue, default: 0] += 1 }
        let ownDelay = ending.wasHeldBack ? 0 : max(0, answer.started - answer.ticket.intended)
        ownDelays.record(ownDelay)
        if ending.isExpected {
            answered.record(ending.latency)
            excused.record(ending.latency - ownDelay)
        } else if ending.status != nil {
            failed.record(ending.latency)
        } else if ending.isUnanswered {
            unanswered.record(ending.latency)
        } else {
            unsent += 1
        }
    }

    /// Takes a request that was not sent, because the receiver had asked to be left alone.
    mutating func withhold() { withheld += 1 }

    /// Takes requests that were due and had not left when the time was over.
    /// - Parameters:
    ///   - wasHeldBack: Whether they waited for places on the wire, which is the receiver's doing: then they count as unanswered.
    ///   - nanoseconds: How long they have waited, at the least.
    mutating func abandon(_ count: UInt64, wasHeldBack: Bool, waited nanoseconds: Int64) {
        requests += count
        errorsByClass[Self.error(wasHeldBack: wasHeldBack).rawValue, default: 0] += count
        if wasHeldBack {
            unanswered.record(nanoseconds, times: count)
        } else {
            unsent += count
            ownDelays.record(nanoseconds, times: count)
        }
    }

    /// Takes a request that was due when the load was stopped, and had not left.
    /// - Parameters:
    ///   - wasHeldBack: Whether it waited for a place on the wire, which is the receiver's doing: then it counts as unanswered.
    ///   - nanoseconds: How long it had waited.
    mutating func giveUp(wasHeldBack: Bool, waited nanoseconds: Int64) {
        abandon(1, wasHeldBack: wasHeldBack, waited: nanoseconds)
        if wasHeldBack { givenUp.record(nanoseconds) }
    }

    /// As what a request counts that did not leave in time.
    static func error(wasHeldBack: Bool) -> AttemptError { wasHeldBack ? .timeout : .resources }

    mutating func merge(_ other: LoadMeasurements) {
        withheld += other.withheld
        requests += other.requests
        lastEnd = max(lastEnd, other.lastEnd)
        statuses.merge(other.statuses, uniquingKeysWith: +)
        errorsByClass.merge(other.errorsByClass, uniquingKeysWith: +)
        answered.merge(other.answered)
        unanswered.merge(other.unanswered)
        givenUp.merge(other.givenUp)
        failed.merge(other.failed)
        excused.merge(other.excused)
        ownDelays.merge(other.ownDelays)
        unsent += other.unsent
    }

    /// Everything in it, for a result of several machines.
    var exchanged: JSONValue {
        func counts(_ counts: [String: UInt64]) -> JSONValue {
            .object(counts.sorted { $0.key < $1.key }.map { .init($0.key, .number(String($0.value))) })
        }
        return .object([
            .init("requests", .number(String(requests))), .init("unsent", .number(String(unsent))),
            .init("withheld", .number(String(withheld))),
            .init("last_end", .number(String(lastEnd))), .init("errors", counts(errorsByClass)),
            .init("statuses", counts(statuses.reduce(into: [:]) { $0[String($1.key)] = $1.value })), .init("answered", answered.exchanged),
            .init("unanswered", unanswered.exchanged), .init("given_up", givenUp.exchanged), .init("failed", failed.exchanged),
            .init("excused", excused.exchanged),
            .init("own_delays", ownDelays.exchanged),
        ])
    }

    /// What another machine wrote; `nil` when it is none.
    init?(exchanged json: JSONValue?) {
        func number(_ value: JSONValue?) -> UInt64? { if case .number(let text)? = value { UInt64(text) } else { nil } }
        func counts(_ value: JSONValue?) -> [String: UInt64]? {
            guard case .object(let members)? = value else { return nil }
            var counts: [String: UInt64] = [:]
            for member in members { counts[member.key] = number(member.value) ?? 0 }
            return counts
        }
        guard let json, let requests = number(json["requests"]), let unsent = number(json["unsent"]),
            let withheld = number(json["withheld"]),
            let lastEnd = number(json["last_end"]), let errors = counts(json["errors"]), let statuses = counts(json["statuses"]),
            let answered = LatencyHistogram(exchanged: json["answered"]), let unanswered = LatencyHistogram(exchanged: json["unanswered"]),
            let failed = LatencyHistogram(exchanged: json["failed"]), let excused = LatencyHistogram(exchanged: json["excused"]),
            let ownDelays = LatencyHistogram(exchanged: json["own_delays"])
        else { return nil }
        (self.requests, self.unsent, self.withheld, self.lastEnd) = (requests, unsent, withheld, Int64(clamping: lastEnd))
        errorsByClass = errors
        // Older versions counted none.
        givenUp = LatencyHistogram(exchanged: json["given_up"]) ?? LatencyHistogram()
        for (status, count) in statuses { if let status = Int(status) { self.statuses[status] = count } }
        (self.answered, self.unanswered, self.failed, self.excused, self.ownDelays) = (answered, unanswered, failed, excused, ownDelays)
    }

    /// Failures of all classes.
    public var errors: UInt64 { errorsByClass.values.reduce(0, +) }

    /// The failed share in percent.
    public var errorPercent: Double { requests == 0 ? 0 : Double(errors) / Double(requests) * 100 }

    /// Requests that failed, and those that were not sent because the receiver had asked to be left alone: what it did not serve
    /// of what was due.
    public var unserved: UInt64 { errors + withheld }

    /// Requests that were due: those that were sent, and those that were withheld.
    public var due: UInt64 { requests + withheld }

    /// Requests that were answered, with whatever status.
    public var answers: UInt64 { statuses.values.reduce(0, +) }

    /// Latencies of expected answers, and behind them requests without an answer: with how long they have waited, and no less than the
    /// slowest answer took. A refused connection has waited for next to nothing, and would be the fastest of all.
    public var latencies: LatencyHistogram {
        var all = answered
        all.merge(unanswered.raised(to: answered.maximum))
        return all
    }

    /// A percentile of `latencies`.
    /// - Returns: The value in nanoseconds, and whether it is exact; else the latency is at least that, for it is that of a
    ///   request without an answer.
    public func latency(_ percent: Double) -> (nanoseconds: Int64, isExact: Bool) {
        let count = answered.count + unanswered.count
        if count == 0 { return (0, false) }
        let rank = LatencyHistogram.rank(of: percent, among: count)
        if rank <= answered.count {
            let value = answered.value(ofRank: rank)
            if givenUp.count == 0 || value <= givenUp.minimum { return (value, true) }
        }
        // Those that were given up have their place by what they had waited, and are slower than that; the others are slower than any.
        var known = answered
        known.merge(givenUp)
        return (rank <= known.count ? known.value(ofRank: rank) : max(known.maximum, latencies.value(ofRank: rank)), false)
    }
}

extension LoadAnswer {
    /// The status of a whole answer. One that broke off or hung after its head is none: its sender tries again.
    var wholeStatus: Int? { error == nil || error == .status ? status : nil }
}
