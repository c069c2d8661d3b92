import Glibc
import Posthorn
import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornTestSupport
import Testing

/// The engine and those who emit killed in the middle of work, again and again: nothing accepted is lost.
///
/// POSTHORN_TEST_KILLS says how many times the engine is killed, POSTHORN_TEST_KILL_EVENTS how many events are emitted before
/// each kill, POSTHORN_TEST_SEED repeats a run.
@Suite(.limited(seconds: 3600)) struct CrashTests {
    private static let rounds = environment("POSTHORN_TEST_KILLS") ?? 100
    private static let eventsPerRound = environment("POSTHORN_TEST_KILL_EVENTS") ?? 40
    private static func environment(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }

    @Test func killsLoseNothingAndRepeatOnlyWhatWasOnTheWire() throws {
        let seed = UInt64(Self.environment("POSTHORN_TEST_SEED") ?? Int(time(nil)))
        print("crash run: seed \(seed), \(Self.rounds) kills")
        let random = SeededRandom(seed: seed)
        let receiver = try MisbehavingReceiver { Self.isRefused($0) ? .status(503) : .ok }
        let posthorn = try PosthornProcess()
        let topology = """
            {"nodes": [{"id": "c", "level": "company"}, {"id": "s", "level": "site", "parent": "c"}], "endpoints": [
                {"id": "a", "node": "c", "url": "\(receiver.url)/a", "vendor": "weseedo"},
                {"id": "b", "node": "c", "url": "\(receiver.url)/b", "vendor": "weseedo"},
                {"id": "k", "node": "s", "url": "\(receiver.url)/k", "vendor": "weseedo"}]}
            """
        #expect(try posthorn.run("apply", posthorn.write(topology, to: "topology.json")).status == 0)
        var accepted: Set<String> = []
        var kills = Kills()
        for round in 0..<Self.rounds {
            let place: Comment = "seed \(seed), round \(round)"
            let engine = try posthorn.start("run", "--speed", "1000000", "--allow", "127.0.0.0/8", "--log", "json")
            let already = receiver.requests.count
            let inserter = try SQLInserter(posthorn, round)
            accepted.formUnion(try emit(round, posthorn, killing: random.next() % 2 == 0))
            // Killed after a number of receipts that differs from round to round.
            _ = receiver.waitForRequests(already + Int(random.next() % UInt64(Self.eventsPerRound * 3)))
            if random.next() % 2 == 0 {
                inserter?.kill()
                engine.send(SIGKILL)
            } else {
                engine.send(SIGKILL)
                inserter?.kill()
            }
            #expect(engine.wait() == 128 + SIGKILL)
            accepted.formUnion(inserter?.acknowledged() ?? [])
            #expect(receiver.waitForOpenConnections(atMost: 0))
            try checkAfterKill(posthorn, receiver, &kills, readsAttempts: round % 10 == 9, place)
        }
        #expect(try posthorn.run("run", "--until-settled", "--speed", "1000000", "--allow", "127.0.0.0/8").status == 0)
        kills.end(receiver.requests.map(Self.key), "seed \(seed)")
        try checkEnd(posthorn, receiver, accepted, "seed \(seed)")
    }

    /// One of the three endpoints takes a fifth of its events no sooner than by the third attempt, so that engines die between
    /// attempts too.
    private static func isRefused(_ request: ReceivedRequest) -> Bool {
        let (id, attempt) = parts(of: request)
        return request.target == "/hook/k" && needsThreeAttempts(id) && attempt < 3
    }

    private static func needsThreeAttempts(_ id: Substring) -> Bool { id.hasSuffix("3") || id.hasSuffix("7") }

    /// The event's id, which has no escapes, and the attempt's number, of a WeSeeDo body.
    private static func parts(of request: ReceivedRequest) -> (id: Substring, attempt: Int) {
        let members = String(decoding: request.body, as: UTF8.self).split(separator: "\"")
        let attempt = members.firstIndex(of: "attempt").map { members[$0 + 1].filter(\.isNumber) }
        return (members[3], attempt.flatMap { Int($0) } ?? 0)
    }

    /// Emits a round's events. An emitter that is killed tells nothing, so the same lines are emitted again, as a producer would.
    private func emit(_ round: Int, _ posthorn: PosthornProcess, killing: Bool) throws -> [String] {
        let ids = (0..<Self.eventsPerRound).map { "r\(round)-e\($0)" }
        let lines = ids.map { #"{"id": "\#($0)", "type": "MEETING_STARTED", "node": "s", "data": {"id": "\#($0)"}}"# }
        let file = posthorn.write(lines.joined(separator: "\n"), to: "events.ndjson")
        if killing {
            let emitter = try posthorn.start("emit", file)
            emitter.send(SIGKILL)
            _ = emitter.wait()
        }
        #expect(try posthorn.run("emit", file).status == 0)
        return ids
    }

    private func checkAfterKill(
        _ posthorn: PosthornProcess,
        _ receiver: MisbehavingReceiver,
        _ kills: inout Kills,
        readsAttempts: Bool,
        _ place: Comment
    ) throws {
        let outbox = try Outbox(path: posthorn.database)
        defer { outbox.close() }
        #expect(try outbox.integrityProblems().isEmpty, place)
        let received = receiver.requests.map(Self.key)
        guard readsAttempts else { return kills.happened(received, recorded: nil, place) }
        var recorded: Set<String> = []
        try outbox.deliveries { delivery in
            for attempt in 0..<delivery.attempts { recorded.insert("/hook/\(delivery.endpoint) \(attempt + 1) \(delivery.event)") }
        }
        kills.happened(received, recorded: recorded, place)
    }

    /// Which attempt of which delivery a request is.
    private static func key(of request: ReceivedRequest) -> String {
        let (id, attempt) = parts(of: request)
        return "\(request.target) \(attempt) \(id)"
    }

    /// What kills may repeat: what was on the wire, or answered and not yet recorded, and nothing else.
    private struct Kills {
        /// Requests that had been received when the last engine was killed.
        private var received = 0
        /// Requests that had been received when attempts were last read, and those that were recorded then.
        private var mark = 0
        private var recorded: Set<String> = []

        /// An engine was killed.
        /// - Parameter nowRecorded: The attempts that are recorded, where they were read.
        mutating func happened(_ all: [String], recorded nowRecorded: Set<String>?, _ place: Comment) {
            // One engine sends nothing twice, so each request is repeated once a kill at most.
            let ofThisEngine = all[received...]
            #expect(Set(ofThisEngine).count == ofThisEngine.count, place)
            received = all.count
            guard let nowRecorded else { return }
            end(all, place)
            #expect(nowRecorded.isSubset(of: all), place)
            (mark, recorded) = (all.count, nowRecorded)
        }

        /// What was recorded is not sent again.
        func end(_ all: [String], _ place: Comment) { #expect(recorded.isDisjoint(with: all[mark...]), place) }
    }

    /// Everything that was accepted has reached everybody, by no more attempts than it took; what came twice is the same to the byte.
    private func checkEnd(
        _ posthorn: PosthornProcess,
        _ receiver: MisbehavingReceiver,
        _ accepted: Set<String>,
        _ place: Comment
    ) throws {
        var receipts: [String: [[UInt8]]] = [:]
        for request in receiver.requests {
            let (id, attempt) = Self.parts(of: request)
            receipts["\(request.target) \(attempt) \(id)", default: []].append(request.body)
        }
        for id in accepted {
            let more = Self.needsThreeAttempts(id[...]) ? ["k 2", "k 3"] : []
            for attempt in ["a 1", "b 1", "k 1"] + more { #expect(receipts["/hook/\(attempt) \(id)"] != nil, place) }
        }
        // A repeat is the same request: the same id and the same attempt.
        for (_, bodies) in receipts { #expect(Set(bodies).count == 1, place) }
        let repeats = receiver.requests.count - receipts.count
        let outbox = try Outbox(path: posthorn.database)
        defer { outbox.close() }
        // An insert whose acknowledgement was lost with its program may be there too; nothing else is.
        let events = try outbox.status().events
        print("crash run: \(events) events, \(events * 3) deliveries, \(receipts.count) attempts, \(repeats) requests sent again")
        #expect(events >= accepted.count && events <= accepted.count + Self.rounds, place)
        #expect(try outbox.status().deliveries == [.delivered: events * 3], place)
        // No attempt was counted twice and none left out.
        var recorded = 0
        var expected = 0
        try outbox.deliveries { delivery in
            recorded += delivery.attempts
            expected += delivery.endpoint == "k" && Self.needsThreeAttempts(delivery.event[...]) ? 3 : 1
        }
        #expect(recorded == expected, place)
        #expect(receipts.count == expected, place)
        #expect(try outbox.integrityProblems().isEmpty)
    }

    @Test func aSecondEngineTakesOverWhenTheFirstIsKilled() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let posthorn = try PosthornProcess()
        let topology = """
            {"nodes": [{"id": "s", "level": "site"}],
             "endpoints": [{"id": "a", "node": "s", "url": "\(receiver.url)", "vendor": "weseedo"}]}
            """
        #expect(try posthorn.run("apply", posthorn.write(topology, to: "topology.json")).status == 0)
        let first = try posthorn.start("run", "--allow", "127.0.0.0/8")
        let line = #"{"type": "MEETING_STARTED", "node": "s", "data": {}}"#
        #expect(try posthorn.run("emit", posthorn.write(line, to: "events.ndjson")).status == 0)
        #expect(receiver.waitForRequests(1).count == 1)
        let second = try posthorn.start("run", "--allow", "127.0.0.0/8")
        first.send(SIGKILL)
        _ = first.wait()
        #expect(try posthorn.run("emit", posthorn.write(line, to: "events.ndjson")).status == 0)
        // The first event comes once more if its record was not on disk when the engine died.
        _ = receiver.waitForRequests(2)
        #expect(try posthorn.run("emit", posthorn.write(line, to: "events.ndjson")).status == 0)
        _ = receiver.waitForRequests(3)
        second.send(SIGTERM)
        #expect(second.wait() == 0)
        #expect(try posthorn.run("run", "--until-settled", "--allow", "127.0.0.0/8").status == 0)
        #expect(Set(receiver.requests.map(\.body)).count == 3)
        #expect(receiver.requests.count <= 4)
    }

    @Test func aStopSignalDrains() throws {
        let receiver = try MisbehavingReceiver { _ in Reply.ok.held }
        let posthorn = try PosthornProcess()
        let topology = """
            {"nodes": [{"id": "s", "level": "site"}],
             "endpoints": [{"id": "a", "node": "s", "url": "\(receiver.url)", "vendor": "weseedo", "max_in_flight": 1}]}
            """
        #expect(try posthorn.run("apply", posthorn.write(topology, to: "topology.json")).status == 0)
        let line = #"{"type": "MEETING_STARTED", "node": "s", "data": {}}"#
        #expect(try posthorn.run("emit", posthorn.write("\(line)\n\(line)", to: "events.ndjson")).status == 0)
        let (engine, log) = try posthorn.startLogging("run", "--allow", "127.0.0.0/8")
        #expect(receiver.waitForRequests(1).count == 1)
        engine.send(SIGTERM)
        #expect(log.wait(for: "draining"))
        // The answer that was on its way is waited for and recorded; the second request is never sent.
        receiver.release()
        #expect(engine.wait() == 0)
        #expect(receiver.requests.count == 1)
        let rows = try posthorn.run("deliveries", "--json").lines
        #expect(rows.count == 2)
        #expect(rows.count { $0.contains(#""state":"delivered","attempts":1"#) } == 1)
        #expect(rows.count { $0.contains(#""state":"pending","attempts":0"#) } == 1)
    }
}
