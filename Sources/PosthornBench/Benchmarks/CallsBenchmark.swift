import CPosthornSQLite
import Dispatch
import Glibc
import Posthorn
import PosthornBenchReports
import PosthornModel
import PosthornSystem
import PosthornText
import Synchronization

/// What asynchronous calls do to the thread that makes them, and to other tasks, while another program keeps the file locked.
struct CallsBenchmark: Benchmark {
    static let name = "calls"
    static let summary = "how long asynchronous calls keep their caller's thread and other tasks while the file is locked"
    static let explanation = """
        Another connection takes the write lock. Then every asynchronous call of the library is begun on this program's main thread, and
        what that thread did until the call gave it back is told apart: it slept, it ran, or it waited for a core. The first is what
        blocking means, and other work on the machine does not add to it. Meanwhile tasks of Swift's cooperative pool, as many as it has
        threads, take turns without a pause, so that a thread of the pool goes to sleep only where a call makes it wait. How often one
        did, and the longest pause, are shown beside those of as long a time without any call.
        """
    static let example = "posthorn-bench calls --seconds 2"
    static var options: [BenchOption<Self>] {
        [
            .count("--seconds", "N", "how long the file is locked", \.seconds),
            .count("--bytes", "N", "data of the largest event that is emitted", \.bytes),
        ]
    }

    var seconds = 2
    var bytes = Event.dataLimitBytes

    /// What a call may do to its caller's thread: 5 ms.
    private static let boundNanoseconds: Int64 = 5_000_000

    func run() throws -> any BenchResult {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let outbox = try Outbox(path: folder.database)
        defer { outbox.close() }
        _ = try outbox.apply(try Self.topology())
        let before = Pauses()
        before.watch(milliseconds: seconds * 1000) {}
        let lock = try FileLock(folder.database)
        let calls = Self.calls(bytes: bytes)
        let (pauses, tally) = (Pauses(), Tally())
        var threads: [(name: String, slept: Int64, ran: Int64)] = []
        pauses.watch(milliseconds: seconds * 1000) {
            for call in calls {
                tally.begin()
                let start = ThreadTime.now()
                Task.immediate { [call, tally, lock, outbox] in
                    do { try await call.work(outbox) } catch { tally.fail("\(call.name): \(error)") }
                    tally.end(isEarly: call.waits && lock.isHeld)
                }
                let end = ThreadTime.now()
                let (ran, waited) = (end.running - start.running, end.waiting - start.waiting)
                threads.append((call.name, max(0, end.monotonic - start.monotonic - ran - waited), ran))
            }
        }
        lock.release()
        try tally.wait()
        return report(threads, pauses, before)
    }

    private func report(_ threads: [(name: String, slept: Int64, ran: Int64)], _ pauses: Pauses, _ before: Pauses) -> FigureList {
        let worst = threads.max { $0.slept + $0.ran < $1.slept + $1.ran }
        let longest = worst.map { "\($0.name) kept its thread longest" } ?? ""
        func milliseconds(_ nanoseconds: Int64) -> Double { Double(nanoseconds) / 1e6 }
        return FigureList(
            title: "\(threads.count) asynchronous calls on a file that was locked for \(seconds) s; \(longest)",
            settings: [("seconds", seconds), ("bytes", bytes), ("calls", threads.count)],
            figures: [
                .init(
                    "calls_over_5_ms",
                    "calls that kept their thread for more than 5 ms, asleep or running",
                    Double(threads.count { $0.slept + $0.ran > Self.boundNanoseconds })
                ),
                .init("longest_sleep_ms", "ms that a call's thread slept at most", milliseconds(threads.map(\.slept).max() ?? 0)),
                .init("longest_run_ms", "ms that a call ran on its thread at most", milliseconds(threads.map(\.ran).max() ?? 0)),
                .init("pool_sleeps", "times that a thread of the pool went to sleep", Double(pauses.sleeps)),
                .init("pool_sleeps_without_calls", "times, the same without calls", Double(before.sleeps)),
                .init("pool_pause_ms", "ms between two turns of a task of the pool at most", milliseconds(pauses.longest)),
                .init("pool_pause_without_calls_ms", "ms, the same without calls", milliseconds(before.longest)),
                .init("pool_turns", "turns of those tasks", Double(pauses.turns)),
                .init("pool_turns_without_calls", "turns, the same without calls", Double(before.turns)),
            ]
        )
    }

    // MARK: The calls

    private static func topology() throws -> Topology {
        let endpoints = try ["crm", "spare", "changed", "rotated"].map { id in
            EndpointSettings(
                id: id,
                node: "bench",
                url: "https://\(id).example/",
                envelope: .standard,
                signature: .standardWebhooks,
                credentials: ["secret": .string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
                events: [try EventPattern("bench.*")]
            )
        }
        let nodes = [Node(id: "bench", level: .company), Node(id: "idle", level: .site, parent: "bench")]
        return try Topology(nodes: nodes, endpoints: endpoints)
    }

    private struct Call: Sendable {
        let name: String
        /// Whether it writes, and so waits for the lock.
        var waits = true
        let work: @Sendable (Outbox) async throws -> Void
    }

    private static func event(bytes: Int = 1200) -> NewEvent {
        let data = Array(#"{"text":""#.utf8) + Array(repeating: UInt8(ascii: "x"), count: max(0, bytes - 11)) + Array(#""}"#.utf8)
        return NewEvent(type: "bench.calls", node: "bench", data: data)
    }

    /// Every asynchronous call that takes no receiver.
    private static func calls(bytes: Int) -> [Call] {
        let (one, large) = (event(), event(bytes: bytes))
        let (few, many) = (Array(repeating: one, count: 50), Array(repeating: one, count: 4000))
        return [
            Call(name: "emit") { _ = try await $0.emit(one) },
            Call(name: "emit of the largest event") { _ = try await $0.emit(large) },
            Call(name: "emit of 50") { _ = try await $0.emit(few) },
            Call(name: "emit of 4,000") { _ = try await $0.emit(many) },
            Call(name: "emitEach of 4,000") { _ = try await $0.emitEach(many) },
            Call(name: "put of a node") { _ = try await $0.put(Node(id: "new", level: .company)) },
            Call(name: "put of an endpoint") {
                _ = try await $0.put(EndpointSettings(id: "new", node: "bench", url: "https://new.example/", vendor: .weseedo))
            },
            Call(name: "updateEndpoint") { _ = try await $0.updateEndpoint("changed") { $0.timeoutMilliseconds = 1000 } },
            Call(name: "setEnabled") { _ = try await $0.setEnabled(false, endpoint: "changed") },
            Call(name: "apply") { _ = try await $0.apply(try topology()) },
            Call(name: "rotate") { _ = try await $0.rotate(endpoint: "rotated") },
            Call(name: "removeEndpoint") { _ = try await $0.removeEndpoint("spare", cancelsWaiting: true) },
            Call(name: "removeNode") { try await $0.removeNode("idle") },
            Call(name: "retry") { _ = try await $0.retry(.deliveries([1])) },
            Call(name: "resend") { _ = try await $0.resend(.deliveries([1])) },
            Call(name: "cancel") { _ = try await $0.cancel(.deliveries([1])) },
            Call(name: "retryMails") { _ = try await $0.retryMails() },
            Call(name: "reseal") { _ = try await $0.reseal() },
            Call(name: "prune", waits: false) { _ = try await $0.prune(settledBefore: Timestamp(milliseconds: 0)) },
            Call(name: "status", waits: false) { _ = try await $0.status() },
            Call(name: "deliveries", waits: false) { _ = try await $0.deliveries() },
            Call(name: "events", waits: false) { _ = try await $0.events() },
            Call(name: "topology", waits: false) { _ = try await $0.topology() },
            Call(name: "endpoint", waits: false) { _ = try await $0.endpoint("crm") },
            Call(name: "count", waits: false) { _ = try await $0.count(DeliveryFilter(), for: .retry) },
            Call(name: "exportedTopology", waits: false) { _ = try await $0.exportedTopology(withSecrets: false) },
            Call(name: "integrityProblems", waits: false) { _ = try await $0.integrityProblems() },
            Call(name: "run and stop of an engine", waits: false) { outbox in
                let engine = try Engine(outbox: outbox)
                let run = Task { try await engine.run() }
                run.cancel()
                try await run.value
            },
        ]
    }
}

/// What became of the calls.
private final class Tally: Sendable {
    private let running = DispatchGroup()
    private let state = Mutex((early: 0, failures: [String]()))

    func begin() { running.enter() }

    func fail(_ text: String) { state.withLock { $0.failures.append(text) } }

    /// - Parameter isEarly: Whether it did not wait for the lock.
    func end(isEarly: Bool) {
        if isEarly { state.withLock { $0.early += 1 } }
        running.leave()
    }

    /// Waits for all; throws when one failed or had nothing to wait for, which would show nothing.
    func wait() throws {
        running.wait()
        let (early, failures) = state.withLock { $0 }
        if let failure = failures.first { throw BenchProblem(failure) }
        if early > 0 { throw BenchProblem("\(early) calls that write were done while the file was locked") }
    }
}

/// The write lock of a file, as another program holds it.
private final class FileLock: Sendable {
    private let handle: Mutex<OpaquePointer?>

    init(_ path: String) throws {
        var opened: OpaquePointer?
        guard sqlite3_open(path, &opened) == SQLITE_OK, sqlite3_exec(opened, "BEGIN IMMEDIATE", nil, nil, nil) == SQLITE_OK else {
            throw BenchProblem("\(path) cannot be locked: \(String(cString: sqlite3_errmsg(opened)))")
        }
        nonisolated(unsafe) let connection = opened
        handle = Mutex(connection)
    }

    var isHeld: Bool { handle.withLock { $0 != nil } }

    func release() {
        handle.withLock { handle in
            sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
            sqlite3_close(handle)
            handle = nil
        }
    }
}

/// Tasks that take turns on the cooperative pool without a pause, one for each of its threads, and how long one had to wait for a turn.
private final class Pauses: Sendable {
    private let state = Mutex((longest: Int64(0), turns: 0, threads: Set<Int32>()))
    private let facts = Mutex((before: [Int32: ThreadFacts](), after: [Int32: ThreadFacts]()))
    private let isOver = Atomic(false)

    var longest: Int64 { state.withLock { $0.longest } }
    var turns: Int { state.withLock { $0.turns } }

    /// How often threads that the tasks ran on went to sleep.
    var sleeps: Int {
        let threads = state.withLock { $0.threads }
        return facts.withLock { facts in
            threads.reduce(0) { $0 + Int(facts.after[$1]?.sleeps ?? 0) - Int(facts.before[$1]?.sleeps ?? 0) }
        }
    }

    /// Does something, and watches for so long.
    func watch(milliseconds: Int, _ work: () -> Void) {
        let done = DispatchGroup()
        for _ in 0..<max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) {
            done.enter()
            Task.detached { [self] in
                await takeTurns()
                done.leave()
            }
        }
        // Threads that are only started now have slept already.
        usleep(100_000)
        facts.withLock { $0.before = ThreadFacts.all() }
        work()
        usleep(UInt32(milliseconds) * 1000)
        facts.withLock { $0.after = ThreadFacts.all() }
        isOver.store(true, ordering: .relaxed)
        done.wait()
    }

    /// The calling thread's id: `/proc/thread-self` leads to `PID/task/TID`.
    private static func thread() -> Int32? {
        var buffer = [CChar](repeating: 0, count: 64)
        let length = readlink("/proc/thread-self", &buffer, buffer.count)
        let path = String(decoding: buffer.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.split(separator: "/").last.flatMap { Int32($0) }
    }

    private func takeTurns() async {
        var (last, longest, turns) = (MonotonicClock.nanoseconds(), Int64(0), 0)
        var threads: Set<Int32> = []
        while !isOver.load(ordering: .relaxed) {
            await Task.yield()
            let now = MonotonicClock.nanoseconds()
            (longest, last, turns) = (max(longest, now - last), now, turns + 1)
            // A look at /proc at every turn would be most of what it does.
            if turns % 64 == 1, let thread = Self.thread() { threads.insert(thread) }
        }
        state.withLock { [longest, turns, threads] state in
            state = (max(state.longest, longest), state.turns + turns, state.threads.union(threads))
        }
    }
}
