import CPosthornSQLite
import CPosthornFaultVFS
import Glibc
import Posthorn
import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornTestSupport
import Synchronization
import Testing

/// Calls of SQLite that fail below an engine at work: no false acknowledgement, no lost row, no second sending.
@Suite(.limited()) struct StorageFaultTests {
    /// A call that fails, and how.
    struct Fault: Sendable, CustomTestStringConvertible {
        let name: String
        let kinds: Int
        let code: Int32
        var testDescription: String { name }
    }

    static let faults = [
        Fault(name: "write, disk full", kinds: FAULT_WRITE, code: SQLITE_FULL),
        Fault(name: "write, I/O error", kinds: FAULT_WRITE, code: SQLITE_IOERR | (3 << 8)),
        Fault(name: "sync", kinds: FAULT_SYNC, code: SQLITE_IOERR | (4 << 8)),
        Fault(name: "read", kinds: FAULT_READ, code: SQLITE_IOERR | (1 << 8)),
        Fault(name: "truncate", kinds: FAULT_TRUNCATE, code: SQLITE_IOERR | (6 << 8)),
        Fault(name: "open", kinds: FAULT_OPEN, code: SQLITE_CANTOPEN),
        Fault(name: "shared memory", kinds: FAULT_SHARED_MEMORY, code: SQLITE_IOERR | (19 << 8)),
    ]

    @Test(arguments: faults)
    func aCallThatFailsOnceLosesNothing(_ fault: Fault) throws {
        try eachCall(fault, forGood: false)
    }

    @Test(arguments: faults)
    func aCallThatFailsUntilTheDiskIsMendedLosesNothing(_ fault: Fault) throws {
        try eachCall(fault, forGood: true)
    }

    private func eachCall(_ fault: Fault, forGood: Bool) throws {
        var nth = 1
        while try emitAndDeliver(fault, nth, forGood) { nth += 1 }
    }

    /// Emits and delivers while the nth call fails. Returns whether it came to that.
    private func emitAndDeliver(_ fault: Fault, _ nth: Int, _ forGood: Bool) throws -> Bool {
        let place: Comment = "call \(nth)"
        let folder = try TemporaryDirectory()
        let plan = try #require(fault_plan_make(folder.path))
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try EngineBench(folder)
        try bench.apply([EndpointSettings(id: "a", node: "s", url: receiver.url)])
        fault_plan_arm(plan, Int32(fault.kinds), nth, forGood ? 1 : 0, fault.code)
        let engine = try bench.engine()
        try engine.start()
        // A producer that is refused tries again; one that was acknowledged does not.
        var acknowledged = emit(bench, 0..<6)
        fault_plan_disarm(plan)
        let fired = fault_plan_fired(plan) > 0
        acknowledged += emit(bench, 6..<8)
        let left = (0..<6).map { "e\($0)" }.filter { !acknowledged.contains($0) }
        for id in left { #expect(throws: Never.self, place) { try bench.outbox.emit(Self.event(id)) } }
        #expect(receiver.waitForRequests(8).count == 8, place)
        try engine.stop()
        bench.outbox.close()
        try checkOutbox(folder, receiver, place)
        return fired
    }

    private static func event(_ id: String) -> NewEvent { NewEvent(id: id, type: "MEETING_WAIT", node: "s", data: "{}") }

    /// Returns the ids that were acknowledged.
    private func emit(_ bench: EngineBench, _ range: Range<Int>) -> [String] {
        range.map { "e\($0)" }.filter { (try? bench.outbox.emit(Self.event($0))) != nil }
    }

    /// Reopened without faults: every event is there, delivered, with one attempt a receipt.
    private func checkOutbox(_ folder: TemporaryDirectory, _ receiver: MisbehavingReceiver, _ place: Comment) throws {
        let outbox = try Outbox(path: folder.file("outbox.db"))
        defer { outbox.close() }
        #expect(try outbox.integrityProblems().isEmpty, place)
        var deliveries: [Delivery] = []
        try outbox.deliveries { deliveries.append($0) }
        #expect(Set(deliveries.map(\.event)) == Set((0..<8).map { "e\($0)" }), place)
        #expect(deliveries.count == 8 && deliveries.allSatisfy { $0.state == .delivered }, place)
        #expect(deliveries.reduce(0) { $0 + $1.attempts } == receiver.requests.count, place)
    }

    @Test(arguments: faults)
    func openingAndMakingAnOutboxFailsClearlyOrWorks(_ fault: Fault) throws {
        var nth = 1
        var fired = true
        while fired {
            let folder = try TemporaryDirectory()
            let plan = try #require(fault_plan_make(folder.path))
            fault_plan_arm(plan, Int32(fault.kinds), nth, 0, fault.code)
            do { try Outbox(path: folder.file("outbox.db")).close() } catch {
                #expect(error.inputProblem == nil, "call \(nth)")
                #expect(!"\(error)".contains("\n"), "call \(nth)")
            }
            fault_plan_disarm(plan)
            fired = fault_plan_fired(plan) > 0
            // Whatever was left behind is no obstacle.
            let bench = try EngineBench(folder)
            try bench.apply([])
            #expect(try bench.outbox.emit(Self.event("x")).isNew, "call \(nth)")
            #expect(try bench.outbox.integrityProblems().isEmpty, "call \(nth)")
            bench.outbox.close()
            nth += 1
        }
    }

    @Test func aFullDiskStopsTheSendingAtOnceAndKeepsResults() throws {
        let answered = 4
        let folder = try TemporaryDirectory()
        let plan = FaultPlan(try #require(fault_plan_make(folder.path)))
        let count = Mutex(0)
        let receiver = try MisbehavingReceiver { _ in
            count.withLock { count in
                if count == 0 { plan.arm(FAULT_WRITE, SQLITE_FULL) }
                count += 1
                return count <= answered ? .ok : Reply.ok.held
            }
        }
        let bench = try EngineBench(folder)
        try bench.apply([EndpointSettings(id: "a", node: "s", url: receiver.url, inFlightLimit: answered)])
        _ = try bench.outbox.emit((0..<100).map { _ in NewEvent(type: "MEETING_WAIT", node: "s", data: "{}") })
        let looks = LookCount()
        let engine = try bench.engine(looks: looks)
        try engine.start()
        #expect(bench.waitFor("failure", where: { if case .storageFailed(let why) = $0 { why.code == "full" } else { false } }))
        // Those on the wire end now; nothing follows them.
        receiver.release()
        #expect(throws: OutboxProblem.self) { try bench.outbox.emit(Self.event("refused")) }
        #expect(receiver.requests.count <= 2 * answered)
        plan.disarm()
        #expect(bench.waitFor("recovery", where: { if case .storageRecovered = $0 { true } else { false } }))
        #expect(receiver.waitForRequests(100).count == 100)
        try engine.stop()
        #expect(try bench.recordedAttempts() == 100)
        #expect(receiver.requests.count == 100)
        // What an answer says of its endpoint is noted once, however often its commit is tried.
        #expect(looks.all.count == 100 && looks.all.values.allSatisfy { $0 == 1 })
    }

    @Test func aDiskThatStaysFullEndsARunWithItsReasonAndRepeatsOnlyWhatWasSent() throws {
        let folder = try TemporaryDirectory()
        let plan = FaultPlan(try #require(fault_plan_make(folder.path)))
        let isArmed = Mutex(false)
        let receiver = try MisbehavingReceiver { _ in
            isArmed.withLock { isArmed in
                if !isArmed { plan.arm(FAULT_WRITE, SQLITE_FULL) }
                isArmed = true
                return .ok
            }
        }
        let bench = try EngineBench(folder)
        try bench.apply([EndpointSettings(id: "a", node: "s", url: receiver.url, inFlightLimit: 2)])
        _ = try bench.outbox.emit((0..<5000).map { Self.event("e\($0)") })
        let engine = try bench.engine()
        try engine.start()
        #expect(bench.waitFor("failure", where: { if case .storageFailed = $0 { true } else { false } }))
        #expect { try engine.stop() } throws: { ($0 as? OutboxProblem)?.code == .full }
        let sent = receiver.requests.count
        #expect(sent < 5000)
        plan.disarm()
        let recorded = try bench.recordedAttempts()
        try bench.engine(untilSettled: true).run()
        #expect(receiver.requests.count == 5000 + sent - recorded)
        #expect(try bench.recordedAttempts() == 5000)
    }

    @Test func aChangeOfTheHierarchyThatWasUndoneLeavesNoTrace() throws {
        let (old, new) = (try MisbehavingReceiver { _ in .ok }, try MisbehavingReceiver { _ in .ok })
        let folder = try TemporaryDirectory()
        let plan = try #require(fault_plan_make(folder.path))
        let bench = try EngineBench(folder)
        try bench.apply([EndpointSettings(id: "a", node: "s", url: old.url)])
        let engine = try bench.engine()
        try engine.start()
        _ = try bench.outbox.emit(Self.event("before"))
        #expect(old.waitForRequests(1).count == 1)
        fault_plan_arm(plan, Int32(FAULT_SYNC), 1, 1, SQLITE_IOERR)
        #expect(throws: OutboxProblem.self) { try bench.apply([EndpointSettings(id: "a", node: "s", url: new.url)]) }
        fault_plan_disarm(plan)
        _ = try bench.outbox.emit(Self.event("between"))
        #expect(old.waitForRequests(2).count == 2)
        // The number that the undone change had is given to another one.
        try bench.apply([EndpointSettings(id: "a", node: "s", url: old.url), EndpointSettings(id: "b", node: "s", url: new.url)])
        _ = try bench.outbox.emit(Self.event("after"))
        #expect(old.waitForRequests(3).count == 3)
        #expect(new.waitForRequests(1).count == 1)
        try engine.stop()
    }

    @Test func aLockThatIsHeldElsewhereIsAClearErrorAndThenOver() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try EngineBench(busyTimeoutMilliseconds: 100)
        try bench.apply([EndpointSettings(id: "a", node: "s", url: receiver.url)])
        let engine = try bench.engine()
        try engine.start()
        let platform = try PlatformConnection(bench.outbox.path)
        try platform.execute("BEGIN IMMEDIATE")
        #expect { try bench.outbox.emit(Self.event("x")) } throws: {
            ($0 as? OutboxProblem)?.code == .busy && "\($0)".contains("try again")
        }
        try platform.execute("INSERT INTO posthorn_outbox (type, node, data) VALUES ('MEETING_WAIT', 's', '{}')")
        try platform.execute("COMMIT")
        #expect(try bench.outbox.emit(Self.event("x")).isNew)
        #expect(receiver.waitForRequests(2).count == 2)
        try engine.stop()
        #expect(try bench.recordedAttempts() == 2)
    }
}

/// A plan as something that a receiver's thread may use.
private struct FaultPlan: @unchecked Sendable {
    // The plan has a lock of its own.
    private let plan: OpaquePointer

    init(_ plan: OpaquePointer) { self.plan = plan }

    func arm(_ kinds: Int, _ code: Int32) { fault_plan_arm(plan, Int32(kinds), 1, 1, code) }
    func disarm() { fault_plan_disarm(plan) }
}
