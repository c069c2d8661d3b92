import CPosthornTestSockets
import Glibc
import PosthornSystem
import PosthornTestSupport
import PosthornText
import Synchronization
import Testing

/// `run --listen` killed while clients hand events in: what was answered 2xx is delivered, and what is handed in again is there once.
///
/// POSTHORN_TEST_API_KILLS says how many times it is killed, POSTHORN_TEST_SEED repeats a run.
@Suite(.limited(seconds: 3600)) struct APICrashTests {
    private static let rounds = environment("POSTHORN_TEST_API_KILLS") ?? 5
    private static let clients = 8
    private static func environment(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }

    /// What the clients of all rounds know.
    private struct Ledger {
        var accepted: Set<String> = []
        /// Handed in, and no answer came: they may be there or not.
        var open: [String] = []
        var wrong: [String] = []
    }

    private static func body(_ id: String) -> String { #"{"id":"\#(id)","type":"MEETING_STARTED","node":"s1","data":{"id":"\#(id)"}}"# }

    private static func request(_ body: String) -> String {
        "POST /v1/events HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    /// Hands events in over one connection, one after the other, until it breaks or there are no more.
    private static func handIn(_ path: String, _ ledger: borrowing Mutex<Ledger>, _ next: () -> String?) {
        guard let client = try? TestClient(path: path) else { return }
        while let id = next() {
            let isSent = client.send(request(body(id)))
            let answer = isSent ? client.readAnswer() : ""
            let isWhole = answer.hasPrefix("HTTP/1.1 202 ") && answer.contains(#""id":"\#(id)""#)
            ledger.withLock { ledger in
                if isWhole {
                    ledger.accepted.insert(id)
                } else {
                    ledger.open.append(id)
                    // An answer that broke off is none; any other that is no 202 is a mistake.
                    if answer.contains("\r\n\r\n"), !answer.hasPrefix("HTTP/1.1 202 ") { ledger.wrong.append(answer) }
                }
            }
            if !isWhole { return }
        }
    }

    @Test func acceptedEventsAreDeliveredAndRepeatedOnesAreStoredOnce() throws {
        let seed = UInt64(Self.environment("POSTHORN_TEST_SEED") ?? Int(time(nil)))
        print("API crash run: seed \(seed), \(Self.rounds) kills")
        let random = SeededRandom(seed: seed)
        let receiver = try MisbehavingReceiver { _ in .ok }
        let posthorn = try PosthornProcess()
        let socket = posthorn.directory.file("api.sock")
        let applied = try posthorn.run("apply", posthorn.write(SampleTopology.json(url: receiver.url), to: "topology.json"))
        try #require(applied.status == 0, "\(applied.errors)")
        let ledger = Ledgers()
        for round in 0..<Self.rounds {
            let (engine, log) = try posthorn.startLogging("run", "--listen", "unix:\(socket)", "--allow", "127.0.0.0/8", "--log", "json")
            try #require(log.wait(for: "api_listening"))
            let threads = try (0..<Self.clients).map { client in
                try WorkerThread(name: "client-\(client)") {
                    var number = 0
                    Self.handIn(socket, ledger.all) {
                        number += 1
                        return "r\(round)-c\(client)-\(number)"
                    }
                }
            }
            // Killed after a number of receipts that differs from round to round.
            _ = receiver.waitForRequests(receiver.requests.count + 1 + Int(random.next() % 400))
            engine.send(SIGKILL)
            #expect(engine.wait() == 128 + SIGKILL)
            for thread in threads { thread.join() }
        }
        try end(posthorn, receiver, socket, ledger, "seed \(seed)")
    }

    /// Shared by the clients' threads.
    private final class Ledgers: Sendable {
        let all = Mutex(Ledger())
    }

    private func end(
        _ posthorn: PosthornProcess,
        _ receiver: MisbehavingReceiver,
        _ socket: String,
        _ ledger: Ledgers,
        _ place: Comment
    ) throws {
        let (engine, log) = try posthorn.startLogging("run", "--listen", "unix:\(socket)", "--allow", "127.0.0.0/8", "--log", "json")
        try #require(log.wait(for: "api_listening"))
        // As a client would, everything that had no answer is handed in once more; and so is some of what had one.
        let again = ledger.all.withLock { ledger in
            defer { ledger.open = [] }
            return ledger.open + ledger.accepted.prefix(100)
        }
        var rest = again.makeIterator()
        Self.handIn(socket, ledger.all) { rest.next() }
        engine.send(SIGTERM)
        #expect(engine.wait() == 0)
        #expect(try posthorn.run("run", "--until-settled", "--allow", "127.0.0.0/8").status == 0)
        let (accepted, open, wrong) = ledger.all.withLock { ($0.accepted, $0.open, $0.wrong) }
        #expect(wrong.isEmpty && open.isEmpty, place)
        var bodies: [String: Set<[UInt8]>] = [:]
        for request in receiver.requests {
            let id = String(decoding: request.body, as: UTF8.self).split(separator: "\"").dropFirst(3).first.map { String($0) } ?? ""
            bodies[id, default: []].insert(request.body)
        }
        #expect(Set(bodies.keys) == accepted, "what was answered 2xx is delivered, and nothing else; \(place)")
        #expect(bodies.values.allSatisfy { $0.count == 1 }, "a repeat is the same to the byte; \(place)")
        let status = try JSONValue.parse(Array(try posthorn.run("status", "--json").output.utf8))
        print("API crash run: \(accepted.count) events, \(receiver.requests.count - bodies.count) requests sent again")
        #expect(status["events"] == .number("\(accepted.count)"), "no event is stored twice; \(place)")
        #expect(status["deliveries"]?["delivered"] == .number("\(accepted.count)"), place)
        #expect(accepted.count > Self.rounds * Self.clients, "the kills came under load; \(place)")
    }
}
