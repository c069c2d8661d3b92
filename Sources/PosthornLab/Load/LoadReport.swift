import PosthornModel
public import PosthornText

/// What a load has shown.
public struct LoadReport: Sendable {
    /// How requests of one kind were answered.
    public struct KindResult: Sendable {
        /// Which kind.
        public let kind: LoadKind
        /// How many were sent.
        public let requests: UInt64
        /// Answers by status.
        public let statuses: [Int: UInt64]
        /// Requests without an answer, by the failure's class.
        public let failures: [String: UInt64]
        /// How many had no answer.
        public var unanswered: UInt64 { failures.values.reduce(0, +) }
    }

    /// The receiver; of several their URLs.
    public let target: String
    /// The same report of each receiver, where there are several; then what is counted here is that of all together.
    public private(set) var targets: [LoadReport] = []
    /// When it began.
    public let began: Timestamp
    /// What was to be done.
    public let plan: LoadPlan
    /// By kind; only kinds that were sent.
    public let kinds: [KindResult]
    /// What was measured of all requests.
    public let all: LoadMeasurements
    /// The same of each step of the rate that was reached; none where there is one step alone.
    public let steps: [LoadPart]
    /// The same of each type of event, in alphabetical order; none where every request is the same.
    public let types: [LoadPart]
    /// From the moment requests were really started, of expected answers, and behind them of requests without an answer.
    public let serviceTimes: LatencyHistogram
    /// How late requests were started.
    public let delays: LatencyHistogram
    /// Connecting, of requests that needed a new connection.
    public let connects: LatencyHistogram
    /// Agreeing on TLS, of these.
    public let handshakes: LatencyHistogram
    /// Connections by the address, with its port, that they led to.
    public let addresses: [String: UInt64]
    /// Addresses that nothing went to, since they took no connection before the load while another one of the same name did.
    public let leftOut: [LeftOutAddress]
    /// How it went over time.
    public let timeline: LoadTimeline
    /// Headers of ours and bodies.
    public let sentBytes: UInt64
    /// Heads and bodies of answers.
    public let receivedBytes: UInt64
    /// Requests before anything was measured.
    public let warmUpRequests: UInt64
    /// Requests that were not sent, because the receiver had asked to be left alone.
    public var withheld: UInt64 { all.withheld }
    /// Requests that had to wait, because the bound of requests on the wire was reached.
    public let heldBack: UInt64
    /// The measured part in nanoseconds.
    public let nanoseconds: Int64
    /// A text for each class of failure.
    public let errorTexts: [String: String]
    /// Every measured request that has ended in the order of their intended moments, where the plan keeps them.
    public let samples: [LoadSample]
    /// Those that were given up at the end, where the plan keeps samples.
    let abandoned: [AbandonedRequests]
    /// What the receiver's ledger says, where there is one.
    public private(set) var ledger: LedgerResult?
    /// How the load was made; set by the one who made it.
    public var origin: LoadOrigin?
    /// Agreeing on TLS took up an earlier session so many times.
    public let resumedHandshakes: Int64
    /// By which of the plan's bounds it was stopped, where one did.
    public let stop: LoadStop?
    /// After how many nanoseconds of the measured part it was stopped, by a person or a bound; then the plan was not carried out.
    public let stoppedAfter: Int64?
    /// The generator's own time.
    public let generator: GeneratorTime
    /// The first number for a load that sends the same content after this one; see ``LoadPlan/firstNumber``.
    public let nextNumber: UInt64
    let signsTime: Bool
    private let book: SentRequests

    /// What a load was, beside what was measured.
    struct Facts {
        var target: String
        let began: Timestamp
        var plan: LoadPlan
        var signsTime = false
        /// The types of its events, in the order of the tally.
        var types: [String] = []
        var stoppedAfter: Int64?
        var generator = GeneratorTime()
        var stop: LoadStop?
        var nextNumber: UInt64 = 0
        var resumedHandshakes: Int64 = 0
        var leftOut: [LeftOutAddress] = []
    }

    init(_ facts: Facts, _ tally: LoadTally) {
        let plan = facts.plan
        self.plan = plan
        target = facts.target
        began = facts.began
        signsTime = facts.signsTime
        let isDone = plan.count.map { tally.all.due >= $0 } ?? false
        // One that was stopped after its last request was carried out.
        let stopped = facts.stoppedAfter.flatMap { isDone || $0 >= plan.plannedNanoseconds ?? .max ? nil : $0 }
        stoppedAfter = stopped
        generator = facts.generator
        stop = facts.stop
        nextNumber = facts.nextNumber
        resumedHandshakes = facts.resumedHandshakes
        kinds = LoadKind.allCases.compactMap { kind in
            let count = tally.kinds[kind.rawValue]
            if count.requests == 0, kind != .plain { return nil }
            return KindResult(kind: kind, requests: count.requests, statuses: count.statuses, failures: count.failures)
        }
        all = tally.all
        var serviceTimes = tally.serviceTimes
        serviceTimes.merge(tally.unansweredTimes.raised(to: serviceTimes.maximum))
        self.serviceTimes = serviceTimes
        delays = tally.delays
        connects = tally.connects
        handshakes = tally.handshakes
        addresses = tally.addresses
        leftOut = facts.leftOut
        timeline = tally.timeline
        sentBytes = tally.sentBytes
        receivedBytes = tally.receivedBytes
        warmUpRequests = tally.warmUpRequests
        heldBack = tally.heldBack
        errorTexts = tally.errorTexts
        samples = tally.samples.sorted { $0.intended < $1.intended }
        abandoned = tally.abandoned
        book = tally.book
        // A load that its count ended, or that was stopped, has no more time than it took.
        let planned = plan.count == nil ? plan.plannedNanoseconds ?? 0 : 0
        let length = max(1, tally.all.lastEnd, stopped ?? planned)
        nanoseconds = length
        steps = LoadPart.steps(plan, tally.steps, length: length)
        types = zip(facts.types, tally.types).map { name, measurements in
            LoadPart(name: name, plannedPerSecond: nil, nanoseconds: length, measurements: measurements)
        }
    }

    /// The report of several receivers.
    /// - Parameter reports: Those of each of them.
    init(_ facts: Facts, _ tally: LoadTally, of reports: [LoadReport]) {
        self.init(facts, tally)
        targets = reports
    }

    /// Holds a receiver's ledger against what was sent; the plan must have kept the book.
    public mutating func take(_ ledger: Ledger) { self.ledger = LedgerResult(ledger, against: book) }

    /// Takes the ledger out again, for it says nothing of this load.
    public mutating func dropLedger() { ledger = nil }

    /// Requests that were sent and measured.
    public var requests: UInt64 { kinds.reduce(0) { $0 + $1.requests } }

    /// Answers by status, of all kinds.
    public var statuses: [Int: UInt64] {
        kinds.reduce(into: [:]) { $0.merge($1.statuses, uniquingKeysWith: +) }
    }

    /// Latencies of expected answers and of requests without an answer; see ``LoadMeasurements``.
    public var latencies: LatencyHistogram { all.latencies }

    /// Failures by their class, of all requests but those that were refused as they should be: `http_status` for an answer
    /// without 200.
    public var errorsByClass: [String: UInt64] { all.errorsByClass }

    /// Failures of all classes.
    public var errors: UInt64 { all.errors }

    /// What expectations are held against.
    public var outcome: LoadOutcome {
        let wasTested = ledger != nil || kinds.contains { $0.kind != .plain && !$0.statuses.isEmpty }
        var outcome = outcome(of: all, nanoseconds)
        outcome.ledger = ledger
        outcome.findings = wasTested ? findings.count : nil
        return outcome
    }

    /// The same of a part.
    func outcome(of part: LoadPart) -> LoadOutcome { outcome(of: part.measurements, part.nanoseconds) }

    private func outcome(of measurements: LoadMeasurements, _ nanoseconds: Int64) -> LoadOutcome {
        var outcome = LoadOutcome(measurements, nanoseconds: nanoseconds, timeoutNanoseconds: plan.timeoutNanoseconds)
        outcome.isSaturated = !plan.isOpen && generator.isSaturated
        return outcome
    }

    /// Requests that were answered, a second.
    public var requestsPerSecond: Double { Double(all.answers) / (Double(nanoseconds) / 1e9) }

    /// Requests that the schedule held for the measured time, a second; `nil` in the closed model.
    public var scheduledPerSecond: Double? {
        guard plan.isOpen, let planned = plan.plannedNanoseconds, plan.count == nil else { return nil }
        let length = max(1, stoppedAfter ?? planned)
        return Double(requests + withheld) / (Double(length) / 1e9)
    }

    /// What the receiver did with requests that test its checks and a good one would not have done. Empty when all is well.
    public var findings: [String] { checkFindings + (ledger?.findings ?? []) }

    /// The findings that answers alone have shown; of several receivers, each with its URL.
    public var checkFindings: [String] {
        if !targets.isEmpty { return targets.flatMap { report in report.checkFindings.map { "\($0) by \(report.target)" } } }
        return kinds.flatMap { result -> [String] in
            let accepted = result.statuses.reduce(0) { plan.isSuccess($1.key) ? $0 + $1.value : $0 }
            let refused = result.statuses.values.reduce(0, +) - accepted
            let (taken, left, all) = (Self.grouped(accepted), Self.grouped(refused), Self.grouped(result.requests))
            switch result.kind {
            case .plain: return []
            case .wronglySigned:
                return accepted == 0 ? [] : ["\(taken) of \(all) wrongly signed requests were answered 200"]
            case .late where signsTime:
                return accepted == 0
                    ? [] : ["\(taken) of \(all) requests signed an hour ago were answered 200: a replay is taken"]
            case .duplicate:
                return refused == 0
                    ? [] : ["\(left) of \(all) duplicates were not answered 200, so their sender goes on trying"]
            case .late, .reordered:
                let name = result.kind == .late ? "events that happened an hour ago" : "reordered events"
                return refused == 0 ? [] : ["\(left) of \(all) \(name) were not answered 200"]
            }
        }
    }

    /// A count as people read it: `10,000`.
    static func grouped(_ number: UInt64) -> String { SVGPlot.plain(Double(number)) }
}
