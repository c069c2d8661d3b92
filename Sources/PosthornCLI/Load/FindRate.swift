import PosthornLab
import PosthornModel
import PosthornText
import PosthornSystem
import Synchronization

/// `posthorn load --find-rate`: makes the trials of a ``RateSearch`` and says what they have shown.
final class FindRate: Sendable {
    /// A trial with what it has shown.
    struct Trial: Sendable {
        let rate: Double
        let isConfirmation: Bool
        let outcome: RateSearch.Outcome
        let report: LoadReport
        let verdicts: [Expectation.Verdict]
    }

    private let bounds: [Expectation]
    private let start: Double
    private let trialNanoseconds: Int64
    private let confirmationNanoseconds: Int64
    /// As given; `nil` for as many as a rate needs.
    private let threads: Int?
    /// The smallest share of the requests that one of the receivers gets: it has to be enough for a percentile too.
    private let leastShare: Double
    private let stop: StopMark
    private let running = Mutex<LoadTest?>(nil)

    /// How long the receiver rests between two trials.
    private static let restMilliseconds: Int64 = 500
    /// A little more than a percentile needs, since a schedule's ends may cut a request off.
    private static let spareRequests = 1.1
    private static let defaultRate = 50.0
    private static let defaultTrialNanoseconds: Int64 = 5_000_000_000

    /// Flags that say nothing in a search: it has no single result that they could be about.
    private static let excluded = [
        "expect", "connections", "count", "csv", "samples", "report", "ledger", "replay", "speed", "prometheus", "hgrm", "vegeta",
        "k6-summary", "stop-if", "think-time", "recording",
    ]

    /// - Parameter weights: The receivers' shares of the rate.
    /// - Throws: Which flag does not go with it.
    init(_ arguments: ParsedArguments, weights: [Double], _ command: String) throws {
        leastShare = (weights.min() ?? 1) / weights.reduce(0, +)
        for flag in Self.excluded where arguments.has(flag) {
            throw UsageProblem("--\(flag) says nothing with --find-rate; leave it out", command: command)
        }
        var bounds = try LoadFlags.expectations(arguments, command, flag: "find-rate")
        if let one = bounds.first(where: { $0.scope != .all || $0.needsLedger || $0.measure == .findings || $0.measure == .rate }) {
            throw UsageProblem(
                "--find-rate \(one.text): take a bound on latency or errors of all requests, such as p99<200ms",
                command: command
            )
        }
        if !bounds.contains(where: { $0.measure == .errors || $0.measure == .errorPercent }) { bounds.append(try Expectation("errors<1%")) }
        self.bounds = bounds
        if arguments.has("rate") {
            guard let rate = arguments.text("rate").flatMap({ Quantity.decimal($0) }), rate > 0 else {
                throw UsageProblem("--rate: with --find-rate it is the first rate to try, one number", command: command)
            }
            start = rate
        } else {
            start = Self.defaultRate
        }
        trialNanoseconds = try LoadFlags.duration("duration", arguments, command) ?? Self.defaultTrialNanoseconds
        confirmationNanoseconds = try LoadFlags.duration("sustain", arguments, command) ?? 3 * trialNanoseconds
        threads = try arguments.integer("threads", 1...64)
        stop = try StopMark()
    }

    /// Ends the search early. From any thread.
    func end() {
        stop.set()
        running.withLock { $0?.stop() }
    }

    /// Makes trials until the search has ended.
    /// - Parameters:
    ///   - makeTest: Makes the load of a plan.
    ///   - tell: Is told of each trial.
    func run(
        _ plan: LoadPlan,
        _ makeTest: (LoadPlan) throws -> LoadTest,
        tell: (Trial) -> Void
    ) throws -> (search: RateSearch, trials: [Trial]) {
        var plan = plan
        var search = RateSearch(from: start)
        var trials: [Trial] = []
        while let next = search.next {
            let test = try makeTest(planned(next, plan))
            running.withLock { $0 = test }
            if stop.isSet { break }
            let report = try test.run()
            running.withLock { $0 = nil }
            plan.firstNumber = report.nextNumber
            if stop.isSet { break }
            let trial = judged(next, report)
            trials.append(trial)
            tell(trial)
            search.take(trial.outcome)
            if search.next != nil { stop.waker.wait(milliseconds: Self.restMilliseconds) }
        }
        search.stop()
        return (search, trials)
    }

    private func planned(_ trial: RateSearch.Trial, _ plan: LoadPlan) -> LoadPlan {
        var plan = plan
        let needed = bounds.map { bound -> Double in
            guard case .percentile(let percent) = bound.measure else { return 1 }
            return Double(Expectation.fewestRequests(for: percent))
        }
        let length = (needed.max() ?? 1) * Self.spareRequests / (trial.ratePerSecond * leastShare) * 1e9
        let nanoseconds = max(trial.isConfirmation ? confirmationNanoseconds : trialNanoseconds, Int64(length))
        let isPoisson: Bool
        if case .open(_, let poisson) = plan.model { isPoisson = poisson } else { isPoisson = false }
        plan.model = .open(RateSpecification(ratePerSecond: trial.ratePerSecond, nanoseconds: nanoseconds), poisson: isPoisson)
        plan.nanoseconds = nil
        plan.threads = threads ?? LoadFlags.defaultThreads(plan)
        return plan
    }

    private func judged(_ trial: RateSearch.Trial, _ report: LoadReport) -> Trial {
        let verdicts = report.verdicts(bounds)
        let outcome: RateSearch.Outcome
        if verdicts.contains(where: { $0.outcome == .missed }) {
            outcome = .missed
        } else {
            outcome = verdicts.allSatisfy(\.holds) ? .kept : .unknown
        }
        return Trial(
            rate: trial.ratePerSecond,
            isConfirmation: trial.isConfirmation,
            outcome: outcome,
            report: report,
            verdicts: verdicts
        )
    }

    /// What the bounds were, for people.
    var boundsText: String { bounds.map(\.text).joined(separator: ", ") }
}
