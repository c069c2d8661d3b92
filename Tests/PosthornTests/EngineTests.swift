import Posthorn
import PosthornModel
import PosthornText
import PosthornStore
import PosthornSending
import PosthornSystem
import PosthornTestSupport
import Testing

/// The engine over real sockets and a real file.
@Suite(.limited()) struct EngineTests {
    @Test(.onEachStore) func twentyTwoTypesReachExactlyTheLevelsOfTheTable() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try EngineBench()
        // Each level's endpoint has a path of its own.
        let base = receiver.url
        try bench.apply(["r", "d", "c", "s"].map { EndpointSettings(id: $0, node: $0, url: "\(base)/\($0)") })
        var wanted: Set<String> = []
        let subjects: [(String, String, [String], [String])] = [
            (
                "MEETING", "s",
                ["CREATED", "STARTED", "RESTARTED", "ENDED", "CHANGED", "TAKEOVER", "WAIT", "DECLINED", "FORWARDED", "DELETED"],
                ["r", "d", "c", "s"]
            ),
            ("USER", "c", ["CREATED", "CHANGED", "DELETED"], ["r", "d", "c"]),
            ("SITE", "s", ["CREATED", "CHANGED", "DELETED"], ["r", "d", "c"]),
            ("COMPANY", "c", ["CREATED", "CHANGED", "DELETED"], ["r", "d"]),
            ("DEALER", "d", ["CREATED", "CHANGED", "DELETED"], ["r"]),
        ]
        for (subject, node, verbs, receivers) in subjects {
            for verb in verbs {
                let data = #"{"id":"\#(subject)-\#(verb)","n":1.10,"big":12345678901234567890,"e":"\u00e9 \/ é"}"#
                _ = try bench.outbox.emit(NewEvent(type: "\(subject)_\(verb)", node: node, data: data))
                for receiver in receivers { wanted.insert("/hook/\(receiver) \(data)") }
            }
        }
        try bench.engine(untilSettled: true).run()
        let got = receiver.requests.map { request -> String in
            let body = String(decoding: request.body, as: UTF8.self)
            // The data is the envelope's last member, and the vendor's own data here has no member of that name.
            let data = body.split(separator: #""data":"#, maxSplits: 1).last?.dropLast() ?? ""
            return "\(request.target) \(data)"
        }
        #expect(Set(got) == wanted)
        #expect(got.count == wanted.count)
        #expect(try bench.deliveries().allSatisfy { $0.state == .delivered && $0.attempts == 1 })
    }

    @Test(.onEachStore) func headersOfAnEventAreOnTheWireAndGoWithIt() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try EngineBench()
        try bench.apply([EndpointSettings(id: "e", node: "s", url: receiver.url)])
        let headers = [EventHeader(name: "X-Tenant", value: "acme"), EventHeader(name: "x-b", value: #"say "a\b"; %C3%A9"#)]
        _ = try bench.outbox.emit(NewEvent(type: "MEETING_STARTED", node: "s", data: "{}", headers: headers))
        try bench.engine(untilSettled: true).run()
        let request = try #require(receiver.requests.first)
        for header in headers { #expect(request.header(header.name) == header.value) }
    }

    @Test(.onEachStore) func aDayOfRetriesRunsAsFastAsTheClockIsMoved() throws {
        let receiver = try MisbehavingReceiver { _ in .status(503, body: "no") }
        let clock = TestClock()
        let start = clock.now()
        let bench = try EngineBench(clock: clock)
        try bench.apply([EndpointSettings(id: "e", node: "s", url: receiver.url)])
        let engine = try bench.engine()
        try engine.start()
        _ = try bench.outbox.emit(NewEvent(type: "MEETING_STARTED", node: "s", data: "{}"))
        for (attempt, wait) in [0, 60_000, 540_000, 3_000_000, 82_800_000].enumerated() {
            if wait > 0 {
                // A millisecond too early nothing happens; the next advance is what brings the attempt.
                clock.advance(by: Int64(wait) - 1)
                // The engine has looked at what is due once the writer has gone round twice.
                for _ in 0..<2 { _ = try bench.outbox.counters() }
                #expect(engine.statistics.claimed == 0)
                #expect(receiver.requests.count == attempt)
                clock.advance(by: 1)
            }
            let state: DeliveryState = attempt == 4 ? .exhausted : .pending
            #expect(bench.waitFor("attempt", where: { $0.isFailure(state, attempt: attempt + 1) }))
        }
        try engine.stop()
        let delivery = try #require(try bench.deliveries().first)
        #expect(delivery.state == .exhausted)
        let attempts = try bench.outbox.attempts(of: delivery.id)
        #expect(attempts.map { $0.outcome.started.milliseconds - start.milliseconds } == [0, 60_000, 600_000, 3_600_000, 86_400_000])
        #expect(attempts.map(\.outcome.error) == Array(repeating: .status, count: 5))
        #expect(attempts.allSatisfy { $0.outcome.response == Array("no".utf8) && $0.outcome.status == 503 })
        #expect(receiver.requests.compactMap(Self.attempt) == [1, 2, 3, 4, 5])
        #expect(attempts.map(\.number) == [1, 2, 3, 4, 5])
    }

    /// The attempt's number in a WeSeeDo body.
    private static func attempt(of request: ReceivedRequest) -> Int? {
        String(decoding: request.body, as: UTF8.self).firstMatch(of: /"attempt": ?"?(\d+)/).flatMap { Int($0.1) }
    }

    @Test(.onEachStore) func scheduleRunsAtSpeedAgainstARealReceiver() throws {
        let receiver = try MisbehavingReceiver { _ in .status(500) }
        let bench = try EngineBench()
        try bench.apply([EndpointSettings(id: "e", node: "s", url: receiver.url)])
        _ = try bench.outbox.emit(NewEvent(type: "MEETING_STARTED", node: "s", data: "{}"))
        let speed = 86_400.0
        try bench.engine(untilSettled: true, speed: speed).run()
        let delivery = try #require(try bench.deliveries().first)
        let started = try bench.outbox.attempts(of: delivery.id).map(\.outcome.started.milliseconds)
        #expect(delivery.state == .exhausted)
        #expect(started.count == 5)
        let gaps = [60_000, 540_000, 3_000_000, 82_800_000].map { ($0 / speed).rounded(.up) }
        for (i, gap) in gaps.enumerated() { #expect(Double(started[i + 1] - started[i]) >= gap) }
    }

    @Test func anInsertByAnotherProgramIsNoticedWhileTheEngineRuns() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try EngineBench()
        try bench.apply([EndpointSettings(id: "e", node: "s", url: receiver.url)])
        let engine = try bench.engine()
        try engine.start()
        #expect(bench.waitFor("start", where: { if case .started = $0 { true } else { false } }))
        let platform = try PlatformConnection(bench.outbox.path)
        try platform.execute("INSERT INTO posthorn_outbox (type, node, data) VALUES ('MEETING_ENDED', 's', '{\"a\": 1}')")
        #expect(receiver.waitForRequests(1).count == 1)
        // Inside a transaction of the platform's own, which is rolled back once and committed once.
        try platform.execute("BEGIN")
        _ = try bench.outbox.emit(NewEvent(id: "undone", type: "MEETING_WAIT", node: "s", data: "{}"), inTransactionOf: platform.handle)
        try platform.execute("ROLLBACK")
        try platform.execute("BEGIN")
        _ = try bench.outbox.emit(NewEvent(id: "done", type: "MEETING_WAIT", node: "s", data: "{}"), inTransactionOf: platform.handle)
        try platform.execute("COMMIT")
        #expect(receiver.waitForRequests(2).count == 2)
        try engine.stop()
        #expect(try bench.deliveries().map(\.event).contains("done"))
        #expect(try !bench.deliveries().map(\.event).contains("undone"))
    }

    @Test(arguments: [
        (#"'MEETING_ENDED', 's', '{"a": 1, "a": 2}', NULL"#, "occurs twice"),
        (#"'MEETING_ENDED', 's', '{}', 'abc' || char(0, 13, 10) || 'x-evil: 1'"#, "is not an event id"),
        (#"'MEETING_ENDED' || char(0) || 'x', 's', '{}', NULL"#, "is not an event type"),
    ])
    func anInsertThatSQLiteLetsThroughAndWeDoNotFailsByName(values: String, reason: String) throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try EngineBench()
        try bench.apply([EndpointSettings(id: "e", node: "s", url: receiver.url)])
        let platform = try PlatformConnection(bench.outbox.path)
        try platform.execute("INSERT INTO posthorn_outbox (type, node, data, id) VALUES (\(values))")
        try bench.engine(untilSettled: true, speed: 1e9).run()
        #expect(try bench.deliveries().map(\.state) == [.exhausted])
        let attempts = try bench.outbox.attempts(of: 1)
        let outcome = try #require(attempts.first).outcome
        #expect(attempts.count == 1 && outcome.error == .unbuildable)
        #expect(outcome.errorText.contains(reason), "\(outcome.errorText)")
        #expect(receiver.requests.isEmpty)
    }

    @Test(.onEachStore) func aDisabledEndpointsDeliveriesAreHeldAndGoOutWhenItIsEnabled() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try EngineBench()
        try bench.apply([
            EndpointSettings(id: "a", node: "s", url: receiver.url), EndpointSettings(id: "b", node: "s", url: receiver.url + "/b"),
        ])
        _ = try bench.outbox.emit(NewEvent(type: "MEETING_WAIT", node: "s", data: "{}"))
        #expect(try bench.outbox.setEnabled(false, endpoint: "a") == .disabled)
        _ = try bench.outbox.emit(NewEvent(type: "MEETING_WAIT", node: "s", data: "{}"))
        try bench.engine(untilSettled: true).run()
        #expect(receiver.requests.map(\.target) == ["/hook/b", "/hook/b"])
        #expect(try bench.deliveries().filter { $0.state == .held }.map(\.endpoint) == ["a", "a"])
        let engine = try bench.engine()
        try engine.start()
        #expect(try bench.outbox.setEnabled(true, endpoint: "a") == .active)
        #expect(receiver.waitForRequests(4).count == 4)
        try engine.stop()
        #expect(try bench.deliveries().allSatisfy { $0.state == .delivered })
    }

    @Test(.onEachStore) func disablingWhileTheEngineRunsHoldsWhatWaits() throws {
        let receiver = try MisbehavingReceiver { _ in .status(500) }
        let clock = TestClock()
        let bench = try EngineBench(clock: clock)
        try bench.apply([EndpointSettings(id: "a", node: "s", url: receiver.url)])
        let engine = try bench.engine()
        try engine.start()
        _ = try bench.outbox.emit(NewEvent(type: "MEETING_WAIT", node: "s", data: "{}"))
        #expect(bench.waitFor("failure", where: { $0.isFailure(.pending, attempt: 1) }))
        _ = try bench.outbox.setEnabled(false, endpoint: "a")
        #expect(try bench.deliveries().map(\.state) == [.held])
        clock.advance(by: 120_000)
        _ = try bench.outbox.setEnabled(true, endpoint: "a")
        #expect(bench.waitFor("failure", where: { $0.isFailure(.pending, attempt: 2) }))
        try engine.stop()
    }

    @Test(.onEachStore) func theURLIsPinnedWhenTheEventIsAccepted() throws {
        let old = try MisbehavingReceiver { _ in .ok }
        let new = try MisbehavingReceiver { _ in .ok }
        let bench = try EngineBench()
        try bench.apply([EndpointSettings(id: "a", node: "s", url: old.url)])
        _ = try bench.outbox.emit(NewEvent(id: "first", type: "MEETING_WAIT", node: "s", data: "{}"))
        // Inserted, not yet fanned out when the URL changes: it still goes where the hierarchy said then.
        try bench.place.insert("second", type: "MEETING_WAIT", node: "s")
        try bench.apply([EndpointSettings(id: "a", node: "s", url: new.url)])
        _ = try bench.outbox.emit(NewEvent(id: "third", type: "MEETING_WAIT", node: "s", data: "{}"))
        try bench.engine(untilSettled: true).run()
        #expect(old.requests.count == 2)
        #expect(new.requests.count == 1)
    }

    @Test(.onEachStoreOfOneEngine) func aSecondEngineStandsByAndTakesOver() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let first = try EngineBench()
        try first.apply([EndpointSettings(id: "a", node: "s", url: receiver.url)])
        let second = try EngineBench(sharing: first)
        let owner = try first.engine()
        try owner.start()
        #expect(first.waitFor("start", where: { if case .started = $0 { true } else { false } }))
        let standby = try second.engine()
        try standby.start()
        #expect(second.waitFor("standby", where: { if case .standingBy = $0 { true } else { false } }))
        _ = try first.outbox.emit(NewEvent(type: "MEETING_WAIT", node: "s", data: "{}"))
        #expect(receiver.waitForRequests(1).count == 1)
        try owner.stop()
        #expect(second.waitFor("start", where: { if case .started = $0 { true } else { false } }))
        _ = try first.outbox.emit(NewEvent(type: "MEETING_WAIT", node: "s", data: "{}"))
        #expect(receiver.waitForRequests(2).count == 2)
        try standby.stop()
        #expect(try second.deliveries().map(\.state) == [.delivered, .delivered])
    }

    @Test(.onEachStore) func updatesAreAnAsyncSequence() async throws {
        let receiver = try MisbehavingReceiver { $0.indexOnConnection == 0 ? .status(500) : .ok }
        let bench = try EngineBench()
        try bench.apply([EndpointSettings(id: "a", node: "s", url: receiver.url)])
        let engine = try bench.engine(untilSettled: true, speed: 1e9)
        let updates = engine.updates()
        _ = try await bench.outbox.emit(NewEvent(id: "x", type: "MEETING_WAIT", node: "s", data: "{}"))
        try engine.start()
        var seen: [DeliveryState] = []
        for await update in updates { seen.append(update.state) }
        #expect(seen == [.pending, .delivered])
        try await engine.stop()
    }

    @Test(.onEachStore) func updatesThatAreAskedForAfterTheEndAreOver() async throws {
        let bench = try EngineBench()
        let engine = try Engine(outbox: bench.outbox)
        try engine.start()
        try await engine.stop()
        for await _ in engine.updates() {}
    }

    @Test(.onEachStore) func updatesOfAnEngineThatNeverRanEnd() async throws {
        let bench = try EngineBench()
        let engine = try Engine(outbox: bench.outbox)
        let updates = engine.updates()
        try await engine.stop()
        for await _ in updates {}
    }

    @Test(.onEachStore) func aRetryByHandGoesOnCounting() throws {
        let receiver = try MisbehavingReceiver { _ in .status(500) }
        let bench = try EngineBench()
        try bench.apply([EndpointSettings(id: "a", node: "s", url: receiver.url)])
        _ = try bench.outbox.emit(NewEvent(type: "MEETING_WAIT", node: "s", data: "{}"))
        try bench.engine(untilSettled: true, speed: 1e9).run()
        #expect(try bench.outbox.retry(.deliveries([1])).retried == 1)
        try bench.engine(untilSettled: true, speed: 1e9).run()
        #expect(try bench.deliveries().map(\.attempts) == [6])
        #expect(try bench.deliveries().map(\.state) == [.exhausted])
        var filter = DeliveryFilter()
        filter.endpoint = "a"
        #expect(try bench.outbox.retry(.matching(filter), wholeRound: true).retried == 1)
        try bench.engine(untilSettled: true, speed: 1e9).run()
        #expect(try bench.deliveries().map(\.attempts) == [11])
        #expect(try bench.outbox.attempts(of: 1).map(\.number) == Array(1...11))
    }

    @Test(.onEachStore) func aBacklogOfOneDeadEndpointHoldsBackNobody() throws {
        let dead = try MisbehavingReceiver { _ in .silence }
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try EngineBench()
        try bench.apply([
            EndpointSettings(
                id: "dead",
                node: "s",
                url: dead.url,
                events: [try EventPattern("MEETING_WAIT")],
                timeoutMilliseconds: 600_000
            ),
            EndpointSettings(id: "well", node: "s", url: receiver.url, events: [try EventPattern("MEETING_ENDED")]),
        ])
        _ = try bench.outbox.emit((0..<5000).map { _ in NewEvent(type: "MEETING_WAIT", node: "s", data: "{}") })
        _ = try bench.outbox.emit((0..<500).map { _ in NewEvent(type: "MEETING_ENDED", node: "s", data: "{}") })
        let engine = try bench.engine()
        try engine.start()
        #expect(receiver.waitForRequests(500).count == 500)
        dead.stop()
        try engine.stop()
    }

    @Test(.onEachStore) func aHangingEndpointWithLargeEventsHoldsBackNobody() throws {
        let dead = try MisbehavingReceiver { _ in .silence }
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try EngineBench()
        try bench.apply([
            EndpointSettings(
                id: "dead",
                node: "s",
                url: dead.url,
                events: [try EventPattern("MEETING_WAIT")],
                timeoutMilliseconds: 600_000
            ),
            EndpointSettings(id: "well", node: "s", url: receiver.url, events: [try EventPattern("MEETING_ENDED")]),
        ])
        let large = #"{"pad":"\#(String(repeating: "x", count: 4_000_000))"}"#
        for _ in 0..<10 { _ = try bench.outbox.emit(NewEvent(type: "MEETING_WAIT", node: "s", data: large)) }
        for _ in 0..<50 { _ = try bench.outbox.emit(NewEvent(type: "MEETING_ENDED", node: "s", data: "{}")) }
        let engine = try bench.engine()
        try engine.start()
        #expect(receiver.waitForRequests(50).count == 50)
        dead.stop()
        try engine.stop()
    }

    /// Whoever looks through a list asks for more about what stands in it.
    @Test(.onEachStore) func aListsVisitorMayReadTheOutboxToo() throws {
        let bench = try EngineBench()
        try bench.apply([EndpointSettings(id: "e", node: "s", url: "https://e.example/")])
        for id in ["a", "b"] { _ = try bench.outbox.emit(NewEvent(id: id, type: "MEETING_WAIT", node: "s", data: "{}")) }
        var attempts: [Int] = []
        try bench.outbox.deliveries { attempts.append((try? bench.outbox.attempts(of: $0.id).count) ?? -1) }
        #expect(attempts == [0, 0])
        var pending: [Int64?] = []
        try bench.outbox.events { _ in
            pending.append(try? bench.outbox.status().deliveries[.pending])
            return true
        }
        #expect(pending == [2, 2])
    }

    @Test(.onEachStore) func refusedEventsNameTheirField() throws {
        let bench = try EngineBench()
        try bench.apply([])
        #expect(throws: InputProblem.self) { try bench.outbox.emit(NewEvent(type: "T", node: "nobody", data: "{}")) }
        #expect(throws: InputProblem.self) { try bench.outbox.emit(NewEvent(type: "T", node: "s", data: "{")) }
        _ = try bench.outbox.emit(NewEvent(id: "a", type: "T", node: "s", data: "{}"))
        #expect(try !bench.outbox.emit(NewEvent(id: "a", type: "T", node: "s", data: "{}")).isNew)
        #expect(throws: InputProblem.self) { try bench.outbox.emit(NewEvent(id: "a", type: "T", node: "s", data: "{\"b\":1}")) }
        // All or nothing: the good one of a batch with a bad one is not stored.
        #expect(throws: EmitRefusal.self) {
            try bench.outbox.emit([NewEvent(id: "b", type: "T", node: "s", data: "{}"), NewEvent(type: "T", node: "x", data: "{}")])
        }
        #expect(try bench.outbox.emit(NewEvent(id: "b", type: "T", node: "s", data: "{}")).isNew)
        let each = try bench.outbox.emitEach([
            NewEvent(id: "c", type: "T", node: "s", data: "{}"), NewEvent(type: "T", node: "x", data: "{}"),
        ])
        #expect((try? each[0].get())?.isNew == true)
        #expect((try? each[1].get()) == nil)
    }
}
