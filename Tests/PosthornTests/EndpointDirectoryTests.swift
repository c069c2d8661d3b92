import PosthornModel
import PosthornStore
import PosthornSending
import PosthornSystem
import PosthornTestSupport
import PosthornText
import Testing

@testable import Posthorn

/// What is remembered of endpoints while their topology changes.
@Suite(.limited(), .onEachStore) struct EndpointDirectoryTests {
    /// Reads the topology and the place of a revision, on the writer's thread as the engine does.
    private func place(_ bench: VendorsBench, _ id: String) throws -> SendTarget {
        let revision = try bench.endpoint(id).revision
        let (outbox, clock) = (bench.outbox, bench.clock)
        let target = try outbox.writer.perform { (store) throws(OutboxProblem) in
            _ = try outbox.directory.refresh(from: store, at: clock.now())
            return try outbox.directory.target(of: revision, in: store, at: clock.now())?.sendTarget
        }
        return try #require(target)
    }

    private func remembered(_ bench: VendorsBench) throws -> Int {
        let outbox = bench.outbox
        return try outbox.writer.perform { (_) throws(OutboxProblem) in outbox.directory.targetCount }
    }

    @Test func placesOfEarlierRevisionsAreForgotten() throws {
        let bench = try VendorsBench()
        for i in 0..<50 {
            try bench.apply(endpoint("c", .conference, url: "https://c\(i).example/", ["token": "token-of-c"]))
            #expect(try place(bench, "c").url.host == "c\(i).example")
        }
        #expect(try remembered(bench) == 1)
    }

    /// A request waits in a sender while the secret is replaced again and again.
    @Test func aPlaceThatARequestHoldsGetsEveryNewSecret() throws {
        let bench = try VendorsBench()
        try bench.apply(endpoint("c", .conference, url: "https://c.example/", ["token": "first-token"]))
        let held = try place(bench, "c")
        for token in ["second-token", "third-token", "fourth-token"] {
            _ = try bench.outbox.rotate(endpoint: "c", newSecret: token)
            _ = try place(bench, "c")
            let event = try Event(checking: "e1", type: "conference_end", node: "n1", created: bench.clock.now(), data: Array("{}".utf8))
            var request = OutboundRequest()
            try held.composer.compose(AcceptedEvent(event), attempt: 1, at: bench.clock.now(), into: &request)
            #expect(String(decoding: request.headers + request.body, as: UTF8.self).contains(token))
        }
    }

    /// What is in the directory: endpoints, and places for them.
    private func counts(_ outbox: Outbox) throws -> [Int] {
        try outbox.writer.perform { (store) throws(OutboxProblem) in
            _ = try outbox.directory.refresh(from: store, at: outbox.clock.now())
            return [outbox.directory.entries.count, outbox.directory.slotCount]
        }
    }

    private static func topology(_ round: Int, _ url: String) throws -> Topology {
        let batch = (0..<100).map { EndpointSettings(id: "e\(round)-\($0)", node: "n1", url: "\(url)/\(round)/\($0)") }
        let stays = EndpointSettings(id: "stays", node: "n1", url: "\(url)/stays")
        return try Topology(nodes: [Node(id: "n1", level: .company)], endpoints: [stays] + (round < 0 ? [] : batch))
    }

    /// 10,000 endpoints come and go in an engine that runs, and each is sent something.
    @Test func endpointsThatComeAndGoLeaveNothing() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try EngineBench()
        var configuration = EngineConfiguration()
        configuration.sender.guard = VendorsBench.loopback
        configuration.sender.threads = 1
        let engine = try Engine(outbox: bench.outbox, configuration: configuration)
        try engine.start()
        func emit() throws { _ = try bench.outbox.emit(NewEvent(type: "T", node: "n1", data: "{}")) }
        for round in 0..<100 {
            _ = try bench.outbox.apply(Self.topology(round, receiver.url), prune: true)
            try emit()
            _ = receiver.waitForRequests(101 * (round + 1))
        }
        _ = try bench.outbox.apply(Self.topology(-1, receiver.url), prune: true)
        // A sender reads what it is to forget before what it is to send next, and counts after that.
        for number in 1...2 {
            try emit()
            _ = receiver.waitForRequests(101 * 100 + number)
        }
        let counts = try counts(bench.outbox)
        // Two batches at most are there at once, while the results of the one before are being recorded.
        #expect(counts[0] <= 101 && counts[1] <= 201, "\(counts)")
        #expect(engine.statistics.endpointsInSenders == 1)
        _ = try bench.outbox.setEnabled(false, endpoint: "stays")
        #expect(try self.counts(bench.outbox)[0] == 1)
        try engine.stop()
    }

    @Test func withoutAnEngineNothingIsLeftEither() throws {
        let bench = try EngineBench()
        for round in 0..<20 {
            _ = try bench.outbox.apply(Self.topology(round, "https://a.example"), prune: true)
            #expect(try counts(bench.outbox) == [101, 101])
        }
        _ = try bench.outbox.apply(Self.topology(-1, "https://a.example"), prune: true)
        #expect(try counts(bench.outbox) == [1, 101])
    }

    /// Its owner keeps it for its statistics.
    @Test func anEngineThatHasEndedIsToldOfNothingMore() throws {
        let bench = try EngineBench()
        _ = try bench.outbox.apply(Self.topology(0, "https://a.example"), prune: true)
        let engine = try bench.engine(untilSettled: true)
        try engine.run()
        for round in 1..<5 {
            _ = try bench.outbox.apply(Self.topology(round, "https://a.example"), prune: true)
            #expect(try counts(bench.outbox) == [101, 101])
        }
        let outbox = bench.outbox
        #expect(try outbox.writer.perform { (_) throws(OutboxProblem) in outbox.directory.takeVacated().count } == 0)
        #expect(engine.statistics.claimed == 0)
    }

    /// Swift holds both for the same, and the list of a node's deliveries compares bytes.
    @Test func aNodeIsWrittenInOneWayInEventsToo() throws {
        let bench = try EngineBench()
        let composed = "caf\u{E9}"
        let endpoint = EndpointSettings(id: "crm", node: composed, url: "https://a.example/")
        _ = try bench.outbox.apply(try Topology(nodes: [Node(id: composed, level: .company)], endpoints: [endpoint]))
        for _ in 0..<2 {
            #expect(try bench.outbox.emit(NewEvent(type: "T", node: composed, data: "{}")).deliveries == 1)
            #expect(throws: InputProblem.self) { try bench.outbox.emit(NewEvent(type: "T", node: "cafe\u{301}", data: "{}")) }
        }
    }

    /// Somebody retries what an endpoint that is gone could not take: it waits for the endpoint to come back.
    @Test func aDeliveryOfAnEndpointThatIsGoneIsHeldUntilItComesBack() throws {
        let receiver = try MisbehavingReceiver { _ in .status(503) }
        let bench = try EngineBench()
        var settings = EndpointSettings(id: "crm", node: "c", url: receiver.url)
        settings.retry = try RetrySchedule(["0"])
        try bench.apply([settings])
        _ = try bench.outbox.emit(NewEvent(type: "MEETING_STARTED", node: "s", data: "{}"))
        try bench.engine(untilSettled: true).run()
        #expect(try bench.deliveries().map(\.state) == [.exhausted])
        try bench.apply([], prune: true)
        _ = try bench.outbox.retry(.deliveries([1]), wholeRound: false)
        try bench.engine(untilSettled: true).run()
        #expect(try bench.deliveries().map(\.state) == [.held])
        #expect(receiver.requests.count == 1)
        try bench.apply([settings])
        try bench.engine(untilSettled: true).run()
        #expect(try bench.deliveries().map(\.state) == [.exhausted] && receiver.requests.count == 2)
    }

    // MARK: What has changed

    private static func settings(_ i: Int, _ url: String = "https://a.example/") -> EndpointSettings {
        var settings = EndpointSettings(id: "e\(i)", node: i % 3 == 0 ? "c" : "s", url: url)
        settings.events = i % 4 == 0 ? [] : [try! EventPattern(i % 4 == 1 ? "T" : "U.*")]
        if i % 5 == 0 {
            settings.signature = .diio
            settings.credentials = ["signing_secret": .string("a-secret-of-\(i)-0123456789")]
        }
        return settings
    }

    /// What a directory says, in words that can be compared.
    private static func contents(_ directory: EndpointDirectory) -> [String] {
        var lines = directory.entries.filter { $0.stored.state != .removed }.map { entry in
            "\(entry.stored.settings.id) \(entry.stored.state) \(entry.stored.revision) \(entry.stored.settings.url) \(entry.fault ?? "")"
        }.sorted()
        for (type, node) in [("T", "c"), ("T", "s"), ("U.x", "s"), ("V", "c")] {
            let event = Event(id: "e", type: type, node: node, created: Timestamp(milliseconds: 0), data: Array("{}".utf8))
            let all = (try? directory.recipients(of: event).all) ?? []
            let recipients = all.sorted { $0.endpoint < $1.endpoint }
            lines.append("\(type) \(node) \(recipients.map { "\($0.endpoint) \($0.revision) \($0.isActive)" })")
        }
        lines.append("\(directory.presentCount) present, to prove \(directory.unverified.map(\.key).sorted())")
        return lines + directory.faults.map { "\($0.key): \($0.value)" }.sorted()
    }

    /// A directory that follows each change is the one that reads everything.
    @Test(arguments: [1 as UInt64, 2, 3])
    func followingChangesIsReadingEverything(_ seed: UInt64) throws {
        let bench = try EngineBench()
        var random = SeededGenerator(seed: seed)
        var present = Set(0..<20)
        func apply() throws { try bench.apply(present.sorted().map { Self.settings($0) }, prune: true) }
        try apply()
        let (outbox, now) = (bench.outbox, bench.outbox.clock.now())
        for step in 0..<60 {
            let i = Int.random(in: 0..<20, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                present.formSymmetricDifference([i])
                try apply()
            case 1 where present.contains(i): _ = try outbox.setEnabled(step % 2 == 0, endpoint: "e\(i)")
            case 2 where present.contains(i):
                try bench.apply([Self.settings(i, "https://b\(step).example/")])
            case 3 where present.contains(i) && i % 5 == 0: _ = try outbox.rotate(endpoint: "e\(i)")
            default: break
            }
            let (known, whole) = try outbox.writer.perform { (store) throws(OutboxProblem) in
                _ = try outbox.directory.refresh(from: store, at: now)
                let fresh = EndpointDirectory()
                _ = try fresh.refresh(from: store, at: now)
                return (Self.contents(outbox.directory), Self.contents(fresh))
            }
            #expect(known == whole, "after step \(step)")
        }
    }

    @Test func oneChangedEndpointLeavesAllOthersAlone() throws {
        let bench = try EngineBench()
        try bench.apply((1..<200).map { EndpointSettings(id: "e\($0)", node: "s", url: "https://a.example/") })
        let outbox = bench.outbox
        func entries() throws -> [String: ObjectIdentifier] {
            try outbox.writer.perform { (store) throws(OutboxProblem) in
                _ = try outbox.directory.refresh(from: store, at: outbox.clock.now())
                return Dictionary(uniqueKeysWithValues: outbox.directory.entries.map { ($0.stored.settings.id, ObjectIdentifier($0)) })
            }
        }
        let before = try entries()
        _ = try outbox.setEnabled(false, endpoint: "e7")
        let after = try entries()
        #expect(before.keys.filter { before[$0] != after[$0] } == ["e7"])
        let changes = try outbox.writer.perform { (_) throws(OutboxProblem) in outbox.directory.takeChanges() }
        #expect(changes.isWhole)
        _ = try outbox.setEnabled(true, endpoint: "e7")
        _ = try entries()
        let next = try outbox.writer.perform { (_) throws(OutboxProblem) in outbox.directory.takeChanges() }
        #expect(!next.isWhole && next.indices.count == 1)
    }
}
