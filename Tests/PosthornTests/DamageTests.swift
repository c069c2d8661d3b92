import Glibc
import Posthorn
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

/// Outboxes that something else has damaged: what can go out does, and what is wrong is said.
@Suite(.limited()) struct DamageTests {
    private static func event(_ id: String) -> NewEvent { NewEvent(id: id, type: "MEETING_WAIT", node: "s", data: "{}") }

    @Test func aMissingIndexIsToldOnceAndLookedForAgain() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try EngineBench()
        try bench.apply([EndpointSettings(id: "a", node: "s", url: receiver.url)])
        _ = try bench.outbox.emit(Self.event("e"))
        let platform = try PlatformConnection(bench.outbox.path)
        try platform.execute("DROP INDEX posthorn_delivery_ready; DROP TRIGGER posthorn_outbox_kept;")
        let missing = try bench.outbox.schemaDifferences()
        #expect(missing.map(\.name) == ["posthorn_delivery_ready", "posthorn_outbox_kept"])
        #expect(missing.map(\.kind) == [.missing, .missing])
        let engine = try bench.engine()
        try engine.start()
        #expect(
            bench.waitFor("failure") {
                if case .claimFailed(let failure) = $0 { failure.message.contains("posthorn_delivery_ready") } else { false }
            }
        )
        // Everything else goes on meanwhile.
        _ = try bench.outbox.emit(Self.event("f"))
        #expect(receiver.requests.isEmpty)
        try platform.execute(try #require(missing[0].sql))
        #expect(receiver.waitForRequests(2).count == 2)
        #expect(bench.waitFor("recovery") { if case .claimRecovered = $0 { true } else { false } })
        #expect(!bench.waitFor("second failure", count: 2, seconds: 0) { if case .claimFailed = $0 { true } else { false } })
        #expect(!bench.waitFor("storage", seconds: 0) { if case .storageFailed = $0 { true } else { false } })
        try engine.stop()
        #expect(try bench.recordedAttempts() == 2)
    }

    @Test func aRenamedTableAndAnotherTriggerAreNamed() throws {
        let bench = try EngineBench()
        try bench.apply([])
        #expect(try bench.outbox.schemaDifferences().isEmpty)
        let platform = try PlatformConnection(bench.outbox.path)
        try platform.execute(
            """
            ALTER TABLE posthorn_attempt RENAME TO posthorn_attempt_old;
            DROP TRIGGER posthorn_outbox_kept;
            CREATE TRIGGER posthorn_outbox_kept BEFORE DELETE ON posthorn_outbox BEGIN SELECT 1; END;
            """
        )
        let found = try bench.outbox.schemaDifferences().map { "\($0.kind) \($0.type) \($0.name)" }
        #expect(
            found == [
                "missing table posthorn_attempt", "changed trigger posthorn_outbox_kept", "unknown table posthorn_attempt_old",
            ]
        )
    }

    @Test func deliveriesThatPointToNothingAreCountedAndHoldNobodyUp() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try EngineBench()
        try bench.apply([EndpointSettings(id: "a", node: "s", url: receiver.url)])
        #expect(try bench.outbox.strayDeliveries().count == 0)
        let platform = try PlatformConnection(bench.outbox.path)
        let insert = "INSERT INTO posthorn_delivery (event, revision, state, next_attempt_at) VALUES"
        try platform.execute("\(insert) (77, 1, 'pending', 0)")
        _ = try bench.outbox.emit(Self.event("e"))
        try platform.execute("\(insert) (1, 99, 'pending', 0)")
        let stray = try bench.outbox.strayDeliveries()
        #expect(stray.count == 2 && stray.first == 1)
        let engine = try bench.engine()
        try engine.start()
        #expect(receiver.waitForRequests(1).count == 1)
        #expect(bench.waitFor("stray") { if case .strayDelivery(1) = $0 { true } else { false } })
        try engine.stop()
        #expect(try bench.deliveries().map(\.state) == [.delivered])
    }

    @Test(.onEachStore) func overdueDeliveriesAreCountedWithTheirAge() throws {
        let receiver = try MisbehavingReceiver { _ in .status(500) }
        let clock = TestClock()
        let bench = try EngineBench(clock: clock)
        try bench.apply([EndpointSettings(id: "a", node: "s", url: receiver.url)])
        let start = clock.now()
        #expect(try bench.outbox.status().overdue == 0)
        _ = try bench.outbox.emit(Self.event("e"))
        clock.advance(by: 5000)
        #expect(try bench.outbox.status().overdue == 1)
        #expect(try bench.outbox.status().overdueSince == start)
        let engine = try bench.engine()
        try engine.start()
        #expect(bench.waitFor("failure") { $0.isFailure(.pending, attempt: 1) })
        try engine.stop()
        let failed = clock.now()
        #expect(try bench.outbox.status().overdue == 0)
        clock.advance(by: 59_999)
        #expect(try bench.outbox.status().overdue == 0)
        #expect(try bench.outbox.status().overdueSince == nil)
        clock.advance(by: 3_600_001)
        #expect(try bench.outbox.status().overdue == 1)
        #expect(try bench.outbox.status().overdueSince == failed.advanced(byMilliseconds: 60_000))
    }

    @Test func anOutboxThatIsOnlyReadIsReadAndNotWritten() throws {
        let bench = try EngineBench()
        try bench.apply([EndpointSettings(id: "a", node: "s", url: "https://a.example/")])
        _ = try bench.outbox.emit(Self.event("e"))
        let reader = try Outbox(path: bench.outbox.path, readOnly: true)
        defer { reader.close() }
        #expect(try reader.status().events == 1)
        #expect(try reader.topology().endpoints.count == 1)
        #expect { try reader.emit(Self.event("f")) } throws: {
            ($0 as? OutboxProblem)?.code == .access && "\($0)".contains("opened for reading alone")
        }
        #expect { try Engine(outbox: reader).run() } throws: { ($0 as? OutboxProblem)?.code == .access }
        _ = try bench.outbox.emit(Self.event("g"))
        #expect(try reader.status().events == 2)
    }
}
