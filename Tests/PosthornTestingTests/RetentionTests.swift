import Glibc
import Posthorn
import PosthornTesting
import Testing

/// An engine that deletes what it need not keep.
@Suite(.timeLimit(.minutes(5))) struct RetentionTests {
    private static let events = 400

    private static func bytes(_ path: String) -> Int {
        ["", "-wal"].reduce(0) { sum, ending in
            var facts = stat()
            return stat(path + ending, &facts) == 0 ? sum + Int(facts.st_size) : sum
        }
    }

    @Test func aWeeksLoadStaysBounded() async throws {
        let test = try TestOutbox()
        _ = try await test.outbox.put(Node(id: "acme", level: .company))
        _ = try await test.outbox.put(EndpointSettings(id: "crm", node: "acme", url: "https://crm.example/", vendor: .weseedo))
        let (pruned, report) = AsyncStream<Int>.makeStream()
        var configuration = EngineConfiguration()
        configuration.retention = RetentionPolicy(keepMilliseconds: 86_400_000)
        let engine = try test.engine(configuration) { event in
            if case .pruned(let deleted) = event { report.yield(deleted.events) }
        }
        let updates = engine.updates()
        try engine.start()
        var delivered = updates.makeAsyncIterator()
        var deleted = pruned.makeAsyncIterator()
        var sizes: [Int] = []
        let data = #"{"text": "\#(String(repeating: "x", count: 4000))"}"#
        // Of the first day the newest event stays, and goes with the second.
        var old = -1
        for _ in 0..<7 {
            for _ in 0..<Self.events { _ = try await test.outbox.emit(NewEvent(type: "T", node: "acme", data: data)) }
            for _ in 0..<Self.events { _ = await delivered.next() }
            sizes.append(Self.bytes(test.outbox.path))
            old += Self.events
            test.clock.advance(by: .seconds(2 * 86_400))
            while old > 0 { old -= try #require(await deleted.next()) }
            #expect(try await test.outbox.status().events == 1)
        }
        try await engine.stop()
        #expect(sizes[6] < sizes[1] + sizes[0] / 2, "\(sizes)")
        #expect(try await test.outbox.integrityProblems().isEmpty)
    }

    @Test func dataGoesBeforeItsRecordsAndItsIDStaysKnown() async throws {
        let test = try TestOutbox()
        _ = try await test.outbox.put(Node(id: "acme", level: .company))
        _ = try await test.outbox.put(EndpointSettings(id: "crm", node: "acme", url: "https://crm.example/", vendor: .weseedo))
        let event = NewEvent(id: "old", type: "T", node: "acme", data: #"{"secret": "hunter2"}"#)
        _ = try await test.outbox.emit(event)
        try await test.settle()
        test.clock.advance(by: .seconds(8 * 86_400))
        _ = try await test.outbox.emit(NewEvent(id: "new", type: "T", node: "acme", data: "{}"))
        let policy = RetentionPolicy(keepPayloadsMilliseconds: 7 * 86_400_000)
        var report = PruneReport()
        report.payloads = 1
        #expect(try await test.outbox.prune(policy) == report)
        let numbers = try await test.outbox.deliveries().elements.map(\.id)
        #expect(numbers.count == 2)
        // The same event again is known, another one is refused.
        #expect(try await !test.outbox.emit(event).isNew)
        await #expect(throws: OutboxError.self) {
            _ = try await test.outbox.emit(NewEvent(id: "old", type: "T", node: "acme", data: #"{"secret": "hunter3"}"#))
        }
        let again = try await test.outbox.resend(.deliveries([numbers.min() ?? 0]))
        #expect(again.retried == 0 && again.refused.map(\.lacksData) == [true])
        try await test.settle()
        #expect(test.sent.map(\.event) == ["old", "new"])
        #expect(try await test.outbox.prune(policy) == PruneReport())
    }

    @Test func statesAreKeptAsLongAsEachIsToBe() async throws {
        let test = try TestOutbox { $0.event == "bad" ? .status(500) : .ok }
        _ = try await test.outbox.put(Node(id: "acme", level: .company))
        _ = try await test.outbox.put(
            EndpointSettings(id: "crm", node: "acme", url: "https://crm.example/", vendor: .weseedo, retry: try RetrySchedule(["0"]))
        )
        for id in ["good", "bad", "last"] { _ = try await test.outbox.emit(NewEvent(id: id, type: "T", node: "acme", data: "{}")) }
        try await test.settle()
        test.clock.advance(by: .seconds(10 * 86_400))
        let policy = try RetentionPolicy(["7d", "exhausted=30d"])
        #expect(try await test.outbox.prune(policy).events == 1)
        #expect(try await test.outbox.deliveries().elements.map(\.event).sorted() == ["bad", "last"])
        test.clock.advance(by: .seconds(30 * 86_400))
        #expect(try await test.outbox.prune(policy).events == 1)
    }
}
