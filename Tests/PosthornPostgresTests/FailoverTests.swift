#if PostgreSQL
import Glibc
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Synchronization
import Testing

@testable import PosthornPostgres

/// A standby takes its primary's place (rows 5, 6, 7 and 30 of the table of faults), with real servers.
@Suite(.enabled(if: PostgresServer.isInstalled, "PostgreSQL is not installed"), .limited(seconds: 600)) struct FailoverTests {
    /// Answers that are held back.
    private final class Gate: Sendable {
        let isHolding = Atomic(false)
    }

    @Test func whatAStandbyLacksIsForgottenAndNothingIsRecordedOfAnotherDelivery() throws {
        let gate = Gate()
        let place = try EnginePlace(endpoints: 4) { _ in gate.isHolding.load(ordering: .acquiring) ? Reply.ok.held : .ok }
        let primary = place.server
        let standby = try primary.makeStandby()
        let both = PostgresServer.address(of: primary.name(of: place.address), on: [primary, standby])
        let engine = try place.start(at: both)
        try place.insert("kept", 5)
        let kept = 5 * place.endpoints
        #expect(place.receiver.waitForRequests(kept).count == kept)
        try place.wait(for: "SELECT count(*) FROM posthorn_settled", on: standby) { $0 == kept }
        try standby.cutOff()
        gate.isHolding.store(true, ordering: .releasing)
        // As many as make the numbers of these and of those that come later the same: a standby goes on behind the 32 that were set aside.
        try place.insert("lost", 60)
        #expect(place.receiver.waitForRequests(kept + 60).count >= kept + 60)
        let lost = try place.number("SELECT max(id) FROM posthorn_pending")
        try primary.stop("immediate")
        try standby.promote()
        try place.insert("new", 60, on: standby)
        try place.wait(for: "SELECT count(*) FROM posthorn_pending", on: standby) { $0 == 60 * place.endpoints }
        #expect(try place.number("SELECT min(id) FROM posthorn_pending", on: standby) < lost)
        gate.isHolding.store(false, ordering: .releasing)
        place.receiver.release()
        try place.settle(at: both)
        #expect(engine.stop() == 0, "\(engine.output)")
        #expect(engine.output.contains("may lack the last commits"), "\(engine.output)")
        try place.check(committed: 65, on: standby)
    }

    @Test func aStandbyThatHasEverythingGoesOnWithoutALostOrADoubledAttempt() throws {
        let place = try EnginePlace()
        let primary = place.server
        let standby = try primary.makeStandby()
        let both = PostgresServer.address(of: primary.name(of: place.address), on: [primary, standby])
        try primary.run("ALTER SYSTEM SET synchronous_standby_names = '*'", in: place.address)
        try primary.run("SELECT pg_reload_conf()", in: place.address)
        try place.wait(for: "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") { $0 == 1 }
        let engines = try (0..<2).map { _ in try place.start(at: both) }
        var platform = InsertingPlatform()
        var random = SeededChoices(5)
        for _ in 0..<3 { try platform.insert(place, &random) }
        platform.finish()
        // In the middle of it.
        try primary.stop("immediate")
        try standby.promote()
        for _ in 0..<2 { try platform.insert(place, &random, at: both) }
        platform.finish()
        try place.settle(at: both)
        for engine in engines { #expect(engine.stop() == 0, "\(engine.output)") }
        try place.check(committed: platform.committed, on: standby)
    }

    @Test func anOldPrimaryThatComesBackIsRefused() throws {
        let now = Timestamp(milliseconds: 1_594_816_394_000)
        let primary = try PostgresServer()
        let address = try primary.makeDatabase()
        let database = primary.name(of: address)
        _ = try PostgresStore(PostgresPlace(address), sealing: nil, now: now)
        try primary.run("INSERT INTO posthorn_node (id, level) VALUES ('s1', 'site')", in: address)
        let standby = try primary.makeStandby()
        // A standby alone takes nothing.
        let reading = try PostgresStore(PostgresPlace(standby.address(of: database)), sealing: nil, now: now)
        #expect(throws: OutboxProblem.self) { try reading.write { () throws(OutboxProblem) in reading.countQueueUp() } }
        try primary.stop("immediate")
        try standby.promote()
        let there = standby.address(of: database)
        let store = try PostgresStore(PostgresPlace(PostgresServer.address(of: database, on: [primary, standby])), sealing: nil, now: now)
        func emit(_ id: String) -> OutboxProblem? {
            let event = Event(id: id, type: "T", node: "s1", created: now, data: Array("{}".utf8))
            do throws(OutboxProblem) {
                _ = try store.write { () throws(OutboxProblem) in
                    try store.accept([NewEventRow(event, createdByProducer: false, recipients: [])], at: now)
                }
            } catch { return error }
            return nil
        }
        #expect(emit("e1") == nil)
        try primary.start()
        try standby.run("SELECT pg_terminate_backend(\(store.connection.backend))", in: there)
        for _ in 0..<2 {
            let problem = try #require(emit("e2"))
            #expect(problem.code == .unreachable && problem.message.contains("an old primary has come back"), "\(problem)")
        }
        try primary.stop("fast")
        #expect(emit("e2") == nil)
        #expect(try standby.run("SELECT id FROM posthorn_outbox ORDER BY seq", in: there) == "e1\ne2\n")
        try primary.start()
        #expect(try primary.run("SELECT count(*) FROM posthorn_outbox", in: address) == "0\n")
    }

    @Test func aServerThatLosesCommitsIsNotReliedOnAfterACrash() throws {
        let now = Timestamp(milliseconds: 1_594_816_394_000)
        let server = try PostgresServer()
        let address = try server.makeDatabase()
        for (setting, isSame) in [("on", true), ("off", false)] {
            try server.run("ALTER DATABASE \(server.name(of: address)) SET synchronous_commit = \(setting)", in: address)
            let store = try PostgresStore(PostgresPlace(address), sealing: nil, now: now)
            #expect(try store.join(alone: true) && store.lease().shards == .all)
            try server.stop("immediate")
            try server.start()
            _ = try? store.commitsByOthers()
            _ = try store.commitsByOthers()
            #expect(try store.lease().shards == (isSame ? .all : .none))
            #expect(store.topologyRollbacks == (isSame ? 0 : 1))
            // Then it has them again.
            #expect(try store.lease().shards == .all)
            store.leave()
        }
    }
}

/// What is concluded of places in a log.
@Suite struct ServerHistoryTests {
    private let seen = ServerHistory(system: 1, timeline: 2, flushed: 100)

    @Test func whatIsBehindWhatWasSeenIsAnotherHistory() {
        func sequel(_ next: ServerHistory) -> ServerHistory.Sequel { seen.sequel(next) }
        #expect(sequel(seen) == .same)
        #expect(sequel(ServerHistory(system: nil, timeline: 2, flushed: 101)) == .same)
        #expect(sequel(ServerHistory(system: 1, timeline: 2, flushed: 99)) == .another)
        #expect(sequel(ServerHistory(system: 1, timeline: 3, flushed: 100)) == .another)
        #expect(sequel(ServerHistory(system: 1, timeline: 1, flushed: 200)) == .older)
        // A new cluster begins with the first timeline.
        #expect(sequel(ServerHistory(system: 9, timeline: 1, flushed: 200)) == .another)
    }

    @Test func aServerThatLosesCommitsIsReliedOnUntilItCrashes() {
        var (lossy, later) = (seen, seen)
        lossy.isLossy = true
        later.crash = "then"
        #expect(seen.sequel(later) == .same && lossy.sequel(seen) == .same && lossy.sequel(later) == .another)
    }
}

/// From where arrivals are looked for.
@Suite struct ArrivalFloorTests {
    @Test func aLookAtAllThatTakesLongIsDoneNowAndThen() {
        var floor = ArrivalFloor()
        floor.saw(10_000)
        floor.saw(9000)
        #expect(floor.next(at: 0) == 0 && floor.near == 10_000 - ArrivalFloor.margin)
        floor.looked(from: 0, microseconds: ArrivalFloor.shortMicroseconds - 1, at: 5)
        #expect(floor.next(at: 5) == 0)
        floor.looked(from: 0, microseconds: 2000, at: 5)
        let later = 5 + 2_000_000 * ArrivalFloor.share
        #expect(floor.next(at: later - 1) == floor.near && floor.next(at: later) == 0)
        // What a look at a few takes says nothing of one at all.
        floor.looked(from: floor.near, microseconds: 1, at: 6)
        #expect(floor.next(at: later - 1) == floor.near)
        // The server's clock was set by a day while it looked.
        floor.looked(from: 0, microseconds: 86_400_000_000, at: 7)
        #expect(floor.next(at: 7 + ArrivalFloor.longestMicroseconds * 1000 * ArrivalFloor.share) == 0)
        floor.looked(from: 0, microseconds: -86_400_000_000, at: 8)
        #expect(floor.next(at: 8) == 0)
    }
}
#endif
