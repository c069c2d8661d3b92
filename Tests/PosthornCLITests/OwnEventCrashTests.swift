import Glibc
import Posthorn
import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornTestSupport
import PosthornText
import Synchronization
import Testing

/// Posthorn's own events under an engine that is killed while it makes them: none is lost, none is made twice, and none is about what they
/// themselves did.
///
/// POSTHORN_TEST_OWN_KILLS says how many times, POSTHORN_TEST_SEED repeats a run.
@Suite(.limited(seconds: 1200)) struct OwnEventCrashTests {
    private static func environment(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }
    private static let kills = environment("POSTHORN_TEST_OWN_KILLS") ?? 8
    private static let eventsPerRound = 24
    private static let run = ["run", "--speed", "20000", "--allow", "127.0.0.0/8"]

    /// A receiver whose endpoint `moody` changes from round to round; `bad` and `loop` never take anything.
    private final class Receiver {
        private final class Mood: Sendable { let isUp = Atomic(false) }
        private let mood = Mood()
        let receiver: MisbehavingReceiver

        init() throws {
            receiver = try MisbehavingReceiver { [mood] request in
                switch request.target {
                case "/hook/watch": .ok
                case "/hook/moody" where mood.isUp.load(ordering: .relaxed): .ok
                default: .status(503)
                }
            }
        }

        func turn(_ isUp: Bool) { mood.isUp.store(isUp, ordering: .relaxed) }

        func topology() -> String {
            func endpoint(_ id: String, _ events: String, _ more: String = "") -> String {
                """
                {"id": "\(id)", "node": "c", "url": "\(receiver.url)/\(id)", "vendor": "standard", "events": ["\(events)"]\(more),
                 "credentials": {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}
                """
            }
            let own = #"endpoint.*", "delivery.*", "replay.*"#
            let health = #", "health": {"suspend_after": 4}"#
            return """
                {"nodes": [{"id": "c", "level": "company"}], "endpoints": [
                    \(endpoint("bad", "B", #", "retry": ["0"]"#)), \(endpoint("moody", "M", health)),
                    \(endpoint("loop", own, #", "retry": ["0"]"# + health)), \(endpoint("watch", own))]}
                """
        }
    }

    @Test func killsLoseNoneAndMakeNoneTwice() throws {
        let seed = UInt64(Self.environment("POSTHORN_TEST_SEED") ?? Int(time(nil)))
        print("own events run: seed \(seed), \(Self.kills) kills")
        let random = SeededRandom(seed: seed)
        let receiver = try Receiver()
        let posthorn = try PosthornProcess()
        #expect(try posthorn.run("apply", posthorn.write(receiver.topology(), to: "topology.json")).status == 0)
        for round in 0..<Self.kills {
            receiver.turn(random.next() % 2 == 0)
            let engine = try posthorn.start(Self.run)
            let already = receiver.receiver.requests.count
            try emit((0..<Self.eventsPerRound).map { $0 % 3 == 0 ? "B" : "M" }, posthorn)
            if round % 4 == 3 { #expect(try posthorn.run("replay", "create", "--endpoint", "bad", "--rate", "10000").status == 0) }
            // As many as come for certain: `moody` gets none while it is suspended.
            _ = receiver.receiver.waitForRequests(already + Int(random.next() % UInt64(Self.eventsPerRound / 3 + 1)))
            engine.send(SIGKILL)
            #expect(engine.wait() == 128 + SIGKILL, "seed \(seed), round \(round)")
        }
        func settle() throws { #expect(try posthorn.run(Self.run + ["--until-settled"]).status == 0, "seed \(seed)") }
        try settle()
        // What an hour's bound has withheld is told with the next one that is exhausted.
        receiver.turn(false)
        try emit(["B", "M"], posthorn)
        try settle()
        try check(posthorn, receiver.receiver, "seed \(seed)")
    }

    private func emit(_ types: [String], _ posthorn: PosthornProcess) throws {
        let lines = types.map { #"{"type": "\#($0)", "node": "c", "data": {}}"# }
        #expect(try posthorn.run("emit", posthorn.write(lines.joined(separator: "\n"), to: "events.ndjson")).status == 0)
    }

    /// An own event as its receiver has it.
    private struct Told: Equatable {
        let id: String
        let type: String
        let data: JSONValue

        init?(_ request: ReceivedRequest) {
            guard request.target == "/hook/watch", let id = request.header("webhook-id"),
                let body = try? JSONValue.parse(request.body), let type = body["type"]?.string, let data = body["data"]
            else { return nil }
            (self.id, self.type, self.data) = (id, type, data)
        }
    }

    private func check(_ posthorn: PosthornProcess, _ receiver: MisbehavingReceiver, _ place: Comment) throws {
        let outbox = try Outbox(path: posthorn.database)
        defer { outbox.close() }
        var made: [String] = []
        var exhausted: [String: Set<Int64>] = [:]
        try outbox.deliveries { delivery in
            if delivery.endpoint == "watch" { made.append(delivery.event) }
            if delivery.endpoint == "watch" { #expect(delivery.state == .delivered, place) }
            if delivery.state == .exhausted { exhausted[delivery.endpoint, default: []].insert(delivery.id) }
        }
        var told: [String: Told] = [:]
        for one in receiver.requests.compactMap(Told.init) {
            if let known = told[one.id] { #expect(known == one, place) }
            told[one.id] = one
        }
        print("own events run: \(made.count) events, \(exhausted.mapValues(\.count))")
        #expect(Set(made) == Set(told.keys) && made.count == told.count, place)
        // Of no endpoint but those that have events of a platform, whatever becomes of the own ones.
        let about = Set(told.values.filter { $0.type != "replay.finished" }.compactMap { $0.data["endpoint"]?.string })
        #expect(about == ["bad", "moody"], place)
        try checkExhausted(told.values.filter { $0.type == "delivery.exhausted" }, exhausted, outbox, place)
        try checkHealth(made.compactMap { told[$0] }.filter { $0.type.hasPrefix("endpoint.") }, outbox, place)
        let replays = try outbox.replays()
        let ended = told.values.filter { $0.type == "replay.finished" }.compactMap { $0.data["replay"]?.string }
        #expect(replays.allSatisfy { $0.state == .done } && ended.sorted() == replays.map { String($0.number) }.sorted(), place)
    }

    /// Each time that a delivery was exhausted is told once, or counted with the next that is.
    private func checkExhausted(_ told: [Told], _ exhausted: [String: Set<Int64>], _ outbox: Outbox, _ place: Comment) throws {
        for endpoint in ["bad", "moody"] {
            let mine = told.filter { $0.data["endpoint"] == .string(endpoint) }
            let facts = mine.compactMap { one in
                one.data["delivery"].flatMap { delivery in one.data["attempts"].map { "\(delivery) \($0)" } }
            }
            #expect(Set(facts).count == mine.count, place)
            let withheld = mine.reduce(0) { sum, one in
                if case .number(let text)? = one.data["withheld"] { sum + (Int(text) ?? 0) } else { sum }
            }
            // A replay has made some exhausted more than once, each with the attempts that came on top.
            var times = 0
            try outbox.deliveries { delivery in
                if delivery.endpoint == endpoint, delivery.state == .exhausted { times += endpoint == "bad" ? delivery.attempts : 1 }
            }
            #expect(mine.count + withheld == times, "\(endpoint), \(place)")
        }
    }

    /// What is told of an endpoint's health is one way through its states, and the last of it is its state.
    private func checkHealth(_ told: [Told], _ outbox: Outbox, _ place: Comment) throws {
        var state = "endpoint.recovered"
        for one in told {
            #expect(one.data["endpoint"] == .string("moody") && one.type != state, place)
            if one.type == "endpoint.failing" { #expect(state == "endpoint.recovered", place) }
            state = one.type
        }
        let last = try outbox.endpointHealth()["moody"]?.state ?? .healthy
        let word = last == .healthy ? "endpoint.recovered" : "endpoint.\(last.rawValue)"
        #expect(state == word, "\(place)")
        print("own events run: \(told.count) changes of health")
    }
}

extension JSONValue {
    fileprivate var string: String? { if case .string(let text) = self { text } else { nil } }
}
