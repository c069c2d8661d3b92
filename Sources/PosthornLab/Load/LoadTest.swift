public import PosthornModel
import PosthornText
public import PosthornSending
import PosthornSystem
import Synchronization

/// Sends a load to one receiver and measures what comes of it.
public final class LoadTest: Sendable {
    private final class Collected: Sendable {
        let results: Mutex<(tally: LoadTally, generator: GeneratorTime)>

        init(_ tally: LoadTally) { results = Mutex((tally, GeneratorTime())) }
    }

    private let plan: LoadPlan
    private let content: LoadContent
    private let shares: LoadPlan.Shares
    private let loops: [LoadLoop]
    private let shared = LoadShared()
    private let url: EndpointURL
    /// When it was stopped, in monotonic nanoseconds; 0 before.
    private let stoppedAt = Atomic<Int64>(0)

    /// How long the threads may take to come up before the schedule starts.
    private static let leadNanoseconds: Int64 = 5_000_000

    /// - Parameters:
    ///   - url: The receiver.
    ///   - method: POST, or GET for Voiso's Call Notify.
    ///   - plan: When requests leave.
    ///   - content: What they hold.
    ///   - shares: Which share of them tests the receiver's checks.
    ///   - guard: Which addresses may be reached.
    ///   - options: How requests go on the wire.
    /// - Throws: `InputProblem` when the URL leads nowhere it may lead; `SystemProblem` when the system lacks descriptors.
    public init(
        _ url: EndpointURL,
        method: RequestMethod = .post,
        plan: LoadPlan,
        content: LoadContent,
        shares: LoadPlan.Shares = LoadPlan.Shares(),
        guard: EgressGuard,
        options: LoadOptions = LoadOptions()
    ) throws {
        self.plan = plan
        self.content = content
        self.shares = shares
        self.url = url
        let addresses = try LoadTarget.addresses(of: url, guard: `guard`)
        let target = SendTarget(
            key: 0,
            url: url,
            method: method,
            timeoutMilliseconds: plan.timeoutMilliseconds,
            inFlightLimit: plan.places,
            ratePerSecond: nil,
            composer: UnaskedComposer()
        )
        let threads = min(plan.threads, plan.places)
        loops = try (0..<threads).map { thread in
            let places = plan.places / threads + (thread < plan.places % threads ? 1 : 0)
            return try LoadLoop(
                target,
                addresses: addresses,
                firstAddress: thread,
                inFlightLimit: places,
                guard: `guard`,
                options: options
            )
        }
    }

    /// What has happened since this was last asked.
    public func takeProgress() -> LoadProgress {
        shared.gauge.withLock { gauge in
            defer { gauge = LoadProgress() }
            return gauge
        }
    }

    /// Sends nothing more; `run` returns when the answers that are still out have come. From any thread.
    public func stop() {
        let now = MonotonicClock.nanoseconds()
        _ = stoppedAt.compareExchange(expected: 0, desired: now, ordering: .relaxed)
        for loop in loops { loop.stop() }
    }

    /// Runs the load on threads of its own and waits for its end. To be called once.
    /// - Throws: `SystemProblem` when the system has no thread left.
    public func run() throws -> LoadReport {
        let began = SystemClock().now()
        let start = MonotonicClock.nanoseconds() + Self.leadNanoseconds
        let collected = Collected(emptyTally)
        var threads: [WorkerThread] = []
        defer { for thread in threads { thread.join() } }
        do {
            for index in loops.indices { threads.append(try thread(index, start, collected)) }
        } catch {
            stop()
            throw error
        }
        for thread in threads { thread.join() }
        threads = []
        let results = collected.results.withLock { $0 }
        let stopped = stoppedAt.load(ordering: .relaxed)
        let facts = LoadReport.Facts(
            target: MaskedURL.text(url.text),
            began: began,
            plan: plan,
            signsTime: content.signsTime,
            types: content.types,
            stoppedAfter: stopped == 0 ? nil : max(0, stopped - start - plan.warmUpNanoseconds),
            generator: results.generator
        )
        return LoadReport(facts, results.tally)
    }

    private var emptyTally: LoadTally { LoadTally(steps: plan.stepEnds.count, types: content.types.count) }

    private func thread(_ index: Int, _ start: Int64, _ collected: Collected) throws -> WorkerThread {
        let loop = loops[index]
        let maker = LoadMaker(content, shares, seed: plan.seed, thread: index, threads: loops.count)
        let pacer = LoadPacer(plan, start: start, thread: index, threads: loops.count)
        let (plan, shared, url, tally) = (plan, shared, url, emptyTally)
        return try WorkerThread(name: "posthorn-load-\(index)") {
            let worker = LoadWorker(plan, maker, pacer, shared, url, start: start, tally: tally)
            let before = ThreadTime.now()
            loop.run(worker)
            let spent = GeneratorTime(from: before, to: ThreadTime.now())
            collected.results.withLock { results in
                results.tally.merge(worker.tally)
                results.generator = max(results.generator, spent)
            }
        }
    }

    /// Targets have a composer; a load writes its requests itself.
    private final class UnaskedComposer: RequestComposer {
        func compose(
            _ event: AcceptedEvent,
            attempt: Int,
            at now: Timestamp,
            into request: inout OutboundRequest
        ) throws(InputProblem) {}
    }
}

extension LoadPlan {
    /// Requests that may be on the wire at once.
    var places: Int {
        switch model {
        case .open, .replay: return max(1, inFlightLimit)
        case .closed(let connections): return max(1, connections)
        }
    }
}
