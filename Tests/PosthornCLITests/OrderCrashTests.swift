import Glibc
import PosthornSystem
import PosthornTestSupport
import PosthornText
import Testing

/// Order at a receiver that fails at random, under an engine that is killed again and again while another one stands by.
///
/// POSTHORN_TEST_ORDER_KILLS says how many times, POSTHORN_TEST_SEED repeats a run.
@Suite(.limited(seconds: 600)) struct OrderCrashTests {
    private static func environment(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }
    private static let kills = environment("POSTHORN_TEST_ORDER_KILLS") ?? 20
    private static let lanes = 7
    private static let eventsPerRound = 70

    @Test func orderSurvivesFailuresKillsTakeoversAndReplays() throws {
        let seed = UInt64(Self.environment("POSTHORN_TEST_SEED") ?? Int(time(nil)))
        print("order run: seed \(seed), \(Self.kills) kills")
        let random = SeededRandom(seed: seed)
        // A third of the requests fail, one way or another.
        let receiver = try MisbehavingReceiver { request in
            var hash = StableHash()
            hash.add(request.body)
            hash.add(String(request.connection * 1000 + request.indexOnConnection).utf8)
            switch hash.value % 9 {
            case 0: return .status(500)
            case 1: return .close
            case 2: return .reset
            default: return .ok
            }
        }
        let posthorn = try PosthornProcess()
        let secret = #""credentials": {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}"#
        let endpoint = #""node": "c", "vendor": "standard", "order": {"key": "/lane"}, "on_exhausted": "skip", \#(secret)"#
        let topology = """
            {"nodes": [{"id": "c", "level": "company"}], "endpoints": [
                {"id": "keyed", "url": "\(receiver.url)/keyed", \(endpoint)},
                {"id": "free", "url": "\(receiver.url)/free", "node": "c", "vendor": "standard", \(secret)}]}
            """
        #expect(try posthorn.run("apply", posthorn.write(topology, to: "topology.json")).status == 0)
        func start() throws -> PosthornProcess.Running {
            try posthorn.start("run", "--speed", "1000000", "--allow", "127.0.0.0/8")
        }
        var engine = try start()
        var numbers = [Int](repeating: 0, count: Self.lanes)
        for round in 0..<Self.kills {
            let lines = (0..<Self.eventsPerRound).map { _ in
                let lane = Int(random.next() % UInt64(Self.lanes))
                numbers[lane] += 1
                let id = "\(lane)-\(numbers[lane])"
                return #"{"id": "\#(id)", "type": "T", "node": "c", "data": {"lane": \#(lane)}}"#
            }
            let already = receiver.requests.count
            // The next one stands by, and takes over from the one that is killed.
            let next = try start()
            #expect(try posthorn.run("emit", posthorn.write(lines.joined(separator: "\n"), to: "events.ndjson")).status == 0)
            _ = receiver.waitForRequests(already + Int(random.next() % UInt64(Self.eventsPerRound * 2)))
            engine.send(SIGKILL)
            #expect(engine.wait() == 128 + SIGKILL, "seed \(seed), round \(round)")
            engine = next
        }
        // What is sent again by hand does not get between the others of its lane.
        engine.send(SIGTERM)
        #expect(engine.wait() == 0)
        #expect(try posthorn.run("run", "--until-settled", "--speed", "1000000", "--allow", "127.0.0.0/8").status == 0)
        try check(receiver.requests, numbers, "seed \(seed)")
        let before = receiver.requests.count
        _ = try posthorn.run("retry", "--endpoint", "keyed", "--state", "exhausted", "--schedule")
        #expect(try posthorn.run("resend", "--endpoint", "keyed").status == 0)
        #expect(try posthorn.run("run", "--until-settled", "--speed", "1000000", "--allow", "127.0.0.0/8").status == 0)
        try check(Array(receiver.requests[before...]), numbers, "seed \(seed), sent again")
        #expect(try posthorn.run("lanes", "keyed").output == "nothing waits in order\n")
    }

    /// Each lane's events came one after the other: none came again once a later one had.
    private func check(_ requests: [ReceivedRequest], _ numbers: [Int], _ place: Comment) throws {
        var newest = [Int](repeating: 0, count: Self.lanes)
        var seen: Set<String> = []
        for request in requests where request.target == "/hook/keyed" {
            let id = try #require(request.header("webhook-id"))
            seen.insert(id)
            let parts = id.split(separator: "-").compactMap { Int($0) }
            #expect(parts[1] >= newest[parts[0]], "\(id) came after \(parts[0])-\(newest[parts[0]]); \(place)")
            newest[parts[0]] = max(newest[parts[0]], parts[1])
        }
        #expect(seen.count == numbers.reduce(0, +), place)
    }
}
