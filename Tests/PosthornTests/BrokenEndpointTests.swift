import PosthornModel
import PosthornStore
import PosthornTestSupport
import Testing

@testable import Posthorn

/// Endpoints that cannot be used as they stand in the outbox: each stops itself and nobody else, and loses nothing.
@Suite(.limited()) struct BrokenEndpointTests {
    private let key = try! OutboxKey(text: String(repeating: "0f", count: 32))
    private let otherKey = try! OutboxKey(text: String(repeating: "f0", count: 32))
    private let folder: TemporaryDirectory
    private let receiver: MisbehavingReceiver

    init() throws {
        folder = try TemporaryDirectory()
        receiver = try MisbehavingReceiver { _ in .ok }
    }

    private func outbox(_ key: OutboxKey?) throws -> Outbox { try Outbox(path: folder.file("outbox.db"), key: key) }

    private func settings(_ id: String) -> EndpointSettings {
        endpoint(id, .conference, url: "\(receiver.url)/\(id)", ["token": "token-of-\(id)-0123456789"])
    }

    private func topology(_ ids: [String]) throws -> Topology {
        try Topology(nodes: [Node(id: "n1", level: .company)], endpoints: ids.map(settings))
    }

    private func emit(_ outbox: Outbox) throws {
        _ = try outbox.emit(NewEvent(type: "conference_end", node: "n1", data: #"{"id":"x"}"#))
    }

    /// Endpoints a and b with an event for both, by another process than the engine's.
    private func prepare() throws {
        let outbox = try outbox(key)
        defer { outbox.close() }
        _ = try outbox.apply(topology(["a", "b"]))
        try emit(outbox)
    }

    private func received(_ id: String) -> Int { receiver.requests.count { $0.target.hasPrefix("/hook/\(id)") } }

    private func states(_ bench: EngineBench, _ id: String) throws -> [DeliveryState] {
        var filter = DeliveryFilter()
        filter.endpoint = id
        return try bench.deliveries(filter).map(\.state)
    }

    /// Breaks endpoint b by a change of its row, runs an engine that delivers to a alone, mends it while the engine runs.
    private func breaks(_ damage: String, mending: (EngineBench, PlatformConnection) throws -> Void) throws {
        try prepare()
        let platform = try PlatformConnection(folder.file("outbox.db"))
        try platform.execute("CREATE TABLE before AS SELECT * FROM posthorn_endpoint")
        try platform.execute(damage)
        let bench = try EngineBench(outbox(key))
        let engine = try bench.engine()
        try engine.start()
        #expect(bench.waitFor("broken", where: { $0.isBroken("b") }))
        #expect(receiver.waitForRequests(1).count == 1)
        try emit(bench.outbox)
        #expect(receiver.waitForRequests(2).count == 2)
        #expect(received("b") == 0)
        #expect(try bench.outbox.endpointFaults().found.keys.sorted() == ["b"])
        try mending(bench, platform)
        #expect(bench.waitFor("mended", where: { $0.isMended("b") }))
        #expect(receiver.waitForRequests(4).count == 4)
        try engine.stop()
        #expect(received("a") == 2 && received("b") == 2)
        #expect(try bench.deliveries().allSatisfy { $0.state == .delivered && $0.attempts == 1 })
        #expect(try bench.outbox.endpointFaults().all.isEmpty)
    }

    @Test func credentialsUnderAnotherKeyHoldTheirEndpointUntilTheRightOnesAreBack() throws {
        let sealed = try SealedCredentials(otherKey).seal(Array(#"{"token":"t"}"#.utf8), ofEndpoint: "b")
        try breaks("UPDATE posthorn_endpoint SET credentials = '\(sealed)' WHERE id = 'b'") { _, platform in
            try platform.execute(
                "UPDATE posthorn_endpoint SET credentials = (SELECT credentials FROM before WHERE id = 'b') WHERE id = 'b'"
            )
        }
    }

    @Test func credentialsUnderAnotherKeyAreReplacedByApplyWhenTheKeyOpensOthers() throws {
        let sealed = try SealedCredentials(otherKey).seal(Array(#"{"token":"t"}"#.utf8), ofEndpoint: "b")
        try breaks("UPDATE posthorn_endpoint SET credentials = '\(sealed)' WHERE id = 'b'") { bench, _ in
            let changes = try bench.outbox.apply(topology(["a", "b"]))
            #expect(changes.map(\.detail) == ["credentials, unreadable values, any rotation taken back"])
        }
    }

    @Test(arguments: [
        "UPDATE posthorn_endpoint SET credentials = '{\"token\": ' WHERE id = 'b'",
        "UPDATE posthorn_endpoint SET credentials = '{}' WHERE id = 'b'",
        "UPDATE posthorn_endpoint SET signature = 'next-year' WHERE id = 'b'",
        "UPDATE posthorn_endpoint SET retry = '[\"x\"]' WHERE id = 'b'",
        "UPDATE posthorn_endpoint SET events = '[7]' WHERE id = 'b'",
        "UPDATE posthorn_endpoint_revision SET envelope = 'next-year' WHERE url LIKE '%/b'",
        "UPDATE posthorn_endpoint_revision SET url = 'no url' WHERE url LIKE '%/b'",
    ])
    func aDamagedRowHoldsItsEndpointUntilTheTopologyIsAppliedAgain(_ damage: String) throws {
        try breaks(damage) { bench, _ in
            let changes = try bench.outbox.apply(topology(["a", "b"]))
            #expect(changes.map(\.id) == ["b"])
        }
    }

    @Test func anEndpointThatBreaksUnderARunningEngineLosesNothingOfWhatWaits() throws {
        let bench = try EngineBench(outbox(key))
        _ = try bench.outbox.apply(topology(["a", "b"]))
        let engine = try bench.engine()
        try engine.start()
        let platform = try PlatformConnection(bench.outbox.path)
        try platform.execute("CREATE TABLE before AS SELECT * FROM posthorn_endpoint")
        try platform.execute("BEGIN")
        try platform.execute("UPDATE posthorn_endpoint SET credentials = 'torn' WHERE id = 'b'")
        try platform.execute("UPDATE posthorn_setting SET value = value + 1 WHERE name = 'topology'")
        for i in 1...20 {
            try platform.execute(
                "INSERT INTO posthorn_outbox (id, type, node, data) VALUES ('e\(i)', 'conference_end', 'n1', '{\"id\":\"x\"}')"
            )
        }
        try platform.execute("COMMIT")
        #expect(bench.waitFor("broken", where: { $0.isBroken("b") }))
        #expect(receiver.waitForRequests(20).count == 20)
        #expect(received("b") == 0)
        try platform.execute("UPDATE posthorn_endpoint SET credentials = (SELECT credentials FROM before WHERE id = 'b') WHERE id = 'b'")
        #expect(receiver.waitForRequests(40).count == 40)
        try engine.stop()
        #expect(received("b") == 20)
        #expect(try bench.deliveries().allSatisfy { $0.state == .delivered && $0.attempts == 1 })
    }

    @Test func anEngineThatWaitsForEverythingDoesNotWaitForABrokenEndpoint() throws {
        try prepare()
        try PlatformConnection(folder.file("outbox.db")).execute("UPDATE posthorn_endpoint SET credentials = 'torn' WHERE id = 'b'")
        let bench = try EngineBench(outbox(key))
        try bench.engine(untilSettled: true).run()
        #expect(try states(bench, "a") == [.delivered])
        #expect(try states(bench, "b") == [.held])
        // Switching it off and on leaves it as it is: what is for it stays held.
        _ = try bench.outbox.setEnabled(false, endpoint: "b")
        _ = try bench.outbox.setEnabled(true, endpoint: "b")
        try bench.engine(untilSettled: true).run()
        #expect(try states(bench, "b") == [.held])
        #expect(received("b") == 0)
    }

    /// The revision that a delivery is pinned to cannot be read any more, and the newest one can.
    @Test func aDeliveryWhoseRevisionIsDamagedGoesWhereTheNewestOneSays() throws {
        try prepare()
        let bench = try EngineBench(outbox(key))
        var moved = settings("a")
        moved.url = "\(receiver.url)/moved"
        _ = try bench.outbox.apply(Topology(nodes: [Node(id: "n1", level: .company)], endpoints: [moved]), prune: true)
        try PlatformConnection(bench.outbox.path).execute("UPDATE posthorn_endpoint_revision SET url = '' WHERE url LIKE '%/a'")
        try bench.engine(untilSettled: true).run()
        #expect(received("moved") == 1)
        #expect(try states(bench, "a") == [.delivered])
    }

    @Test func withoutTheKeyNothingStartsWhenEveryEndpointNeedsIt() throws {
        _ = try outbox(key).apply(topology(["a", "b"]))
        for (given, words) in [(nil, "no key was given"), (otherKey, "do not open with this key")] {
            let bench = try EngineBench(outbox(given))
            let problem = #expect(throws: OutboxProblem.self) { try bench.engine().run() }
            #expect(problem?.code == .key)
            #expect(problem?.message.contains(words) == true)
        }
    }

    @Test func aLookIsTakenAtOnceAndThenOnceASecond() {
        var watch = FaultWatch()
        watch.foreignCommit()
        #expect(watch.look(now: 5) == .none)
        #expect(watch.update(["a": "x", "b": "y"]).count == 2)
        #expect(watch.update(["a": "x", "b": "y"]).isEmpty)
        #expect(watch.look(now: 10) == .none)
        watch.foreignCommit()
        #expect(watch.look(now: 10) == .now)
        watch.foreignCommit()
        #expect(watch.look(now: 600_000_010) == .later(400_000_000))
        #expect(watch.look(now: 1_000_000_010) == .now)
        #expect(watch.look(now: 2_000_000_010) == .none)
        let news = watch.update(["b": "z"])
        #expect(news.count == 2 && news[0].isBroken("b") && news[1].isMended("a"))
    }
}

extension EngineEvent {
    fileprivate func isBroken(_ id: String) -> Bool { if case .endpointBroken(id, _) = self { true } else { false } }
    fileprivate func isMended(_ id: String) -> Bool { if case .endpointMended(id) = self { true } else { false } }
}
