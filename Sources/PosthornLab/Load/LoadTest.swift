public import PosthornModel
import PosthornText
public import PosthornSending
import PosthornSystem
import Synchronization

/// Sends a load to one receiver or several and measures the results.
///
/// Each receiver has threads, connections, slots on the wire and pauses of its own, so that none hides or slows another.
public final class LoadTest: Sendable {
    private final class Collected: Sendable {
        struct Results {
            var tally: LoadTally
            var generator = GeneratorTime()
            /// More than the numbers of all events that were sent.
            var nextNumber: UInt64 = 0
        }

        let results: Mutex<Results>

        init(_ tally: LoadTally) { results = Mutex(Results(tally: tally)) }
    }

    /// What belongs to one receiver.
    private struct Branch: Sendable {
        let url: EndpointURL
        let plan: LoadPlan
        let loops: [LoadLoop]
        /// Addresses of its name that nothing goes to.
        let leftOut: [LeftOutAddress]
        /// Number of its first thread among those of all receivers.
        let firstThread: Int
        let shared = LoadShared()

        /// TLS handshakes that took up an earlier session.
        var resumedHandshakes: Int64 { loops.reduce(0) { $0 + $1.resumedHandshakes } }
    }

    private let plan: LoadPlan
    private let content: LoadContent
    private let shares: LoadPlan.Shares
    private let branches: [Branch]
    /// When it was stopped, in monotonic nanoseconds; 0 before.
    private let stoppedAt = Atomic<Int64>(0)

    /// How long the threads may take to come up before the schedule starts.
    private static let leadNanoseconds: Int64 = 5_000_000

    /// - Parameters:
    ///   - destinations: The receivers, at least one. Recorded events go to one alone.
    ///   - method: POST, or GET for Voiso's Call Notify.
    ///   - plan: When requests leave.
    ///   - content: What they hold.
    ///   - shares: Which share of them tests the receiver's checks.
    ///   - options: How requests go on the wire.
    /// - Throws: `InputProblem` when a URL leads nowhere it may lead; `SystemProblem` when the system lacks descriptors.
    public init(
        _ destinations: [LoadDestination],
        method: RequestMethod = .post,
        plan: LoadPlan,
        content: LoadContent,
        shares: LoadPlan.Shares = LoadPlan.Shares(),
        options: WireOptions = WireOptions()
    ) throws {
        self.plan = plan
        self.content = content
        self.shares = shares
        let plans = destinations.count == 1 ? [plan] : plan.divided(by: destinations.map(\.weight))
        var branches: [Branch] = []
        var threads = 0
        for (destination, plan) in zip(destinations, plans) {
            let trial = try Self.trial(destination)
            let loops = try Self.loops(destination, trial.used, method, plan, options)
            let leftOut = trial.leftOut.map {
                LeftOutAddress(address: $0.address.description(port: destination.url.port), reason: $0.reason)
            }
            branches.append(Branch(url: destination.url, plan: plan, loops: loops, leftOut: leftOut, firstThread: threads))
            threads += loops.count
        }
        self.branches = branches
    }

    /// The same with one receiver.
    public convenience init(
        _ url: EndpointURL,
        method: RequestMethod = .post,
        plan: LoadPlan,
        content: LoadContent,
        shares: LoadPlan.Shares = LoadPlan.Shares(),
        guard: EgressGuard,
        options: WireOptions = WireOptions()
    ) throws {
        let destination = LoadDestination(url, guard: `guard`)
        try self.init([destination], method: method, plan: plan, content: content, shares: shares, options: options)
    }

    private static func trial(_ destination: LoadDestination) throws -> AddressTrial {
        let addresses = try HostAddresses.reachable(of: destination.url, guard: destination.guard, lookup: destination.lookup)
        return AddressTrial.of(addresses, port: destination.url.port)
    }

    private static func loops(
        _ destination: LoadDestination,
        _ addresses: [NetworkAddress],
        _ method: RequestMethod,
        _ plan: LoadPlan,
        _ options: WireOptions
    ) throws -> [LoadLoop] {
        let target = SendTarget(
            key: 0,
            url: destination.url,
            method: method,
            timeoutMilliseconds: plan.timeoutMilliseconds,
            inFlightLimit: plan.slots,
            ratePerSecond: nil,
            composer: UnaskedComposer()
        )
        let threads = min(plan.threads, plan.slots)
        return try (0..<threads).map { thread in
            let slots = plan.slots / threads + (thread < plan.slots % threads ? 1 : 0)
            return try LoadLoop(
                target,
                addresses: addresses,
                firstAddress: thread,
                inFlightLimit: slots,
                guard: destination.guard,
                options: options
            )
        }
    }

    /// What has happened since this was last asked.
    public func takeProgress() -> LoadProgress {
        var progress = LoadProgress()
        for branch in branches {
            branch.shared.gauge.withLock { gauge in
                progress.add(gauge)
                gauge = LoadProgress()
            }
        }
        return progress
    }

    /// Sends nothing more; `run` returns when the answers that are still out have come. From any thread.
    public func stop() {
        let now = MonotonicClock.nanoseconds()
        _ = stoppedAt.compareExchange(expected: 0, desired: now, ordering: .relaxed)
        for branch in branches { for loop in branch.loops { loop.stop(at: now) } }
    }

    /// Runs the load on threads of its own and waits for its end. To be called once.
    /// - Throws: `SystemProblem` when the system has no thread left.
    public func run() throws -> LoadReport {
        let began = SystemClock().now()
        let start = MonotonicClock.nanoseconds() + Self.leadNanoseconds
        let collected = branches.map { Collected(emptyTally($0.plan)) }
        let watch = plan.stopBounds.isEmpty ? nil : StopWatch(plan, start: start + plan.warmUpNanoseconds) { [weak self] in self?.stop() }
        var threads: [WorkerThread] = []
        defer { for thread in threads { thread.join() } }
        do {
            for (branch, collected) in zip(branches, collected) {
                for index in branch.loops.indices { threads.append(try thread(index, branch, start, collected, watch)) }
            }
        } catch {
            stop()
            throw error
        }
        for thread in threads { thread.join() }
        threads = []
        return report(collected.map { $0.results.withLock { $0 } }, began: began, start: start, watch?.stop)
    }

    private func report(_ results: [Collected.Results], began: Timestamp, start: Int64, _ stop: LoadStop?)
        -> LoadReport
    {
        let stopped = stoppedAt.load(ordering: .relaxed)
        var facts = LoadReport.Facts(
            target: branches.map { MaskedURL.text($0.url.text) }.joined(separator: " "),
            began: began,
            plan: plan,
            signsTime: content.signsTime,
            types: content.types,
            stoppedAfter: stopped == 0 ? nil : max(0, stopped - start - plan.warmUpNanoseconds),
            generator: results.map(\.generator).max() ?? GeneratorTime(),
            stop: stop,
            nextNumber: results.map(\.nextNumber).max() ?? plan.firstNumber,
            resumedHandshakes: branches.reduce(0) { $0 + $1.resumedHandshakes },
            leftOut: branches.flatMap(\.leftOut)
        )
        if results.count == 1 { return LoadReport(facts, results[0].tally) }
        let whole = facts
        var all = emptyTally(plan)
        let reports = zip(branches, results).map { branch, result in
            all.merge(result.tally)
            (facts.target, facts.plan, facts.generator) = (MaskedURL.text(branch.url.text), branch.plan, result.generator)
            (facts.resumedHandshakes, facts.leftOut) = (branch.resumedHandshakes, branch.leftOut)
            return LoadReport(facts, result.tally)
        }
        // Each receiver's report has its own.
        (all.samples, all.abandoned) = ([], [])
        return LoadReport(whole, all, of: reports)
    }

    private func emptyTally(_ plan: LoadPlan) -> LoadTally { LoadTally(steps: plan.stepEnds.count, types: content.types.count) }

    private func thread(_ index: Int, _ branch: Branch, _ start: Int64, _ collected: Collected, _ watch: StopWatch?) throws
        -> WorkerThread
    {
        let loop = branch.loops[index]
        let all = branches.reduce(0) { $0 + $1.loops.count }
        // No two machines of a load send the same event.
        let part = plan.part ?? (1, 1)
        let ofBranch = branch.loops.count
        let thread = LoadThread(
            number: (part.number - 1) * all + branch.firstThread + index,
            count: all * part.of,
            numberAtReceiver: (part.number - 1) * ofBranch + index,
            countAtReceiver: ofBranch * part.of
        )
        let maker = RequestFactory(content, shares, seed: plan.seed, thread: thread, from: plan.firstNumber)
        let pacer = LoadPacer(branch.plan, start: start, thread: index, threads: branch.loops.count)
        let tally = emptyTally(branch.plan)
        return try WorkerThread(name: "posthorn-load-\(index)") {
            let worker = LoadWorker(branch.plan, maker, pacer, branch.shared, branch.url, start: start, tally: tally, watch: watch)
            let before = ThreadTime.now()
            loop.run(worker)
            let spent = GeneratorTime(from: before, to: ThreadTime.now())
            collected.results.withLock { results in
                results.tally.merge(worker.tally)
                results.generator = max(results.generator, spent)
                results.nextNumber = max(results.nextNumber, worker.nextNumber)
            }
        }
    }
}

extension LoadPlan {
    /// Requests that may be on the wire at once.
    var slots: Int {
        switch model {
        case .open, .replay: return max(1, inFlightLimit)
        case .closed(let connections): return max(1, connections)
        }
    }
}
