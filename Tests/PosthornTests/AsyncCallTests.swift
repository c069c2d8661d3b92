import CPosthornSQLite
import Posthorn
import PosthornTestSupport
import Synchronization
import Testing

/// Calls that wait do so without a thread of the cooperative pool.
@Suite(.limited()) struct AsyncCallTests {
    private let bench: EngineBench

    init() throws {
        bench = try EngineBench()
        try bench.apply([EndpointSettings(id: "crm", node: "s", url: "https://crm.example/hooks", vendor: .weseedo)])
    }

    private static func event(_ id: String, node: String = "s") -> NewEvent { NewEvent(id: id, type: "T", node: node, data: "{}") }

    /// One of the calls that wait for the writer or the disk.
    private static func call(_ n: Int, _ outbox: Outbox) async throws -> Int {
        switch n % 4 {
        case 0: try await outbox.put(Node(id: "n\(n)", level: .company)).count
        case 1: try await outbox.emit([event("batch-\(n)")]).count
        case 2: try await outbox.setEnabled(true, endpoint: "crm") == .active ? 1 : 0
        default: try await outbox.emitEach([event("each-\(n)")]).count
        }
    }

    /// More calls than the pool has threads wait for a locked file; other tasks go on meanwhile.
    @Test func callsThatWaitForALockedFileKeepNoTaskWaiting() async throws {
        let platform = try PlatformConnection(bench.outbox.path)
        try platform.execute("BEGIN IMMEDIATE")
        let outbox = bench.outbox
        let calls = (0..<40).map { n in
            Task { () async throws -> Int? in
                do { return try await Self.call(n, outbox) } catch {
                    // Tests beside this one may keep the pool's threads for longer than a call waits for the lock.
                    guard case .store(let problem) = OutboxError(error), problem.code == .busy else { throw error }
                    return nil
                }
            }
        }
        // None of them is done, and tasks run: each of these needs a thread of the pool.
        for n in 0..<1000 { #expect(await Task { n }.value == n) }
        try platform.execute("ROLLBACK")
        for (n, call) in calls.enumerated() {
            if let count = try await call.value { #expect(count == 1) } else { #expect(try await Self.call(n, outbox) == 1) }
        }
        #expect(try await outbox.topology().nodes.count == 14)
    }

    @Test func aBatchIsRefusedByTheEventThatIsWrong() async throws {
        let bad = [Self.event("a"), Self.event("b", node: "nowhere")]
        await #expect { try await bench.outbox.emit(bad) } throws: {
            guard case .event(let refusal) = OutboxError($0) else { return false }
            return refusal.index == 1 && refusal.problem.code == .notFound && refusal.problem.field == "node"
        }
        await #expect { try await bench.outbox.emit([Self.event("a"), NewEvent(type: "no type", node: "s", data: "{}")]) } throws: {
            guard case .event(let refusal) = OutboxError($0) else { return false }
            return refusal.index == 1 && refusal.problem.code == .malformed
        }
        #expect(try await bench.outbox.status().events == 0)
        let each = try await bench.outbox.emitEach(bad)
        #expect(try each[0].get().deliveries == 1 && (try? each[1].get()) == nil)
    }

    @Test func aCancelledTaskDrainsItsEngine() async throws {
        let (told, telling) = AsyncStream<EngineEvent>.makeStream()
        let engine = try Engine(outbox: bench.outbox) { telling.yield($0) }
        let run = Task { try await engine.run() }
        // Without a wait that blocks: the pool's threads may be in use by tests that do.
        for await event in told { if case .started = event { break } }
        run.cancel()
        try await run.value
        telling.finish()
        var rest: [String] = []
        for await event in told { rest.append("\(event)") }
        #expect(rest.suffix(2) == ["draining", "stopped"])
        await #expect { try await engine.run() } throws: { EngineError($0)?.code == "has_ended" }
    }

    @Test func anEngineWhoseTaskIsCancelledBeforeItBeganEndsAtOnce() async throws {
        let engine = try bench.engine()
        let run = Task {
            await withTaskCancellationHandler {
                while !Task.isCancelled { await Task.yield() }
            } onCancel: {
            }
            try await engine.run()
        }
        run.cancel()
        try await run.value
    }

    /// The receiver never answers: what is on the wire is cut off when the limit is over, and goes out again.
    @Test func aStopWithALimitCutsOffWhatIsOnTheWire() async throws {
        let receiver = try MisbehavingReceiver { _ in .silence }
        try bench.apply([EndpointSettings(id: "crm", node: "s", url: receiver.url, vendor: .weseedo)])
        _ = try await bench.outbox.emit(Self.event("a"))
        let engine = try bench.engine()
        try engine.start()
        #expect(receiver.waitForRequests(1).count == 1)
        try await engine.stop(within: .milliseconds(1))
        #expect(bench.waitFor("the cut") { if case .drainCut(requests: 1) = $0 { true } else { false } })
        let delivery = try await bench.outbox.deliveries().elements.first
        #expect(delivery?.state == .pending && delivery?.attempts == 0)
    }

    @Test func pagesGoOnWhereTheCursorSays() async throws {
        _ = try await bench.outbox.emit((0..<25).map { Self.event("e\($0)") })
        var seen: [Int64] = []
        var cursor: PageCursor?
        var pages = 0
        repeat {
            let page = try await bench.outbox.deliveries(after: cursor, limit: 10)
            seen += page.elements.map(\.id)
            // As a browser hands it back.
            cursor = try page.next.map { try #require(PageCursor("\($0)")) }
            pages += 1
        } while cursor != nil
        #expect(pages == 3 && seen == Array((1...25).reversed()))
        let oldest = try await bench.outbox.deliveries(DeliveryFilter(), limit: 10)
        #expect(oldest.elements.map(\.id) == Array(1...10))
        let next = try await bench.outbox.deliveries(DeliveryFilter(), after: oldest.next, limit: 20)
        #expect(next.elements.map(\.id) == Array(11...25) && next.next == nil)
        let events = try await bench.outbox.events()
        #expect(events.elements.count == 25)
        #expect(try await bench.outbox.events(after: events.next).elements.isEmpty)
        #expect(try await bench.outbox.event("e7").event.type == "T")
        #expect(PageCursor("x") == nil && PageCursor("-1") == nil)
    }

    @Test func exhaustedDeliveriesAreRetriedByState() async throws {
        let receiver = try MisbehavingReceiver { _ in .status(500) }
        try bench.apply([EndpointSettings(id: "crm", node: "s", url: receiver.url, vendor: .weseedo)])
        _ = try await bench.outbox.emit([Self.event("a"), Self.event("b")])
        try await bench.engine(untilSettled: true, speed: 1e9).run()
        let failed = try await bench.outbox.deliveries().elements
        #expect(failed.allSatisfy { $0.state == .exhausted && $0.last?.error == .status && $0.last?.status == 500 })
        #expect(try await bench.outbox.retry(.all(in: .exhausted, endpoint: "crm")).retried == 2)
        #expect(try await bench.outbox.cancel(.all(in: .pending)).cancelled == 2)
        #expect(try await bench.outbox.prune(settledBefore: Timestamp(milliseconds: .max / 2)).events == 1)
    }
}
