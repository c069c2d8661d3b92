import Glibc
import Posthorn
import PosthornModel
import PosthornSystem
import PosthornTestSupport
import Synchronization
import Testing

/// As many receipts at the receiver as recorded attempts, to the last one, whatever becomes of the connections.
///
/// POSTHORN_TEST_DELIVERIES says how many deliveries there are, POSTHORN_TEST_SEED repeats a run.
@Suite(.limited(), .onEachStore) struct ReceiptCountTests {
    private static let endpoints = 8

    @Test func everyRecordedAttemptIsOneReceipt() throws {
        let deliveries = Self.environment("POSTHORN_TEST_DELIVERIES") ?? 4000
        let seed = UInt64(Self.environment("POSTHORN_TEST_SEED") ?? Int(time(nil)))
        print("receipts: seed \(seed), \(deliveries) deliveries")
        let random = SeededRandom(seed: seed)
        let receiver = try MisbehavingReceiver { _ in Self.reply(Int(random.next() % 100)) }
        let bench = try EngineBench()
        try bench.apply(
            (0..<Self.endpoints).map { EndpointSettings(id: "e\($0)", node: "s", url: "\(receiver.url)/e\($0)") }
        )
        let engine = try bench.engine(untilSettled: true, speed: 1e9)
        var events = 0
        while events * Self.endpoints < deliveries {
            let count = min(500, deliveries / Self.endpoints - events)
            _ = try bench.outbox.emit((events..<events + count).map { Self.event("n\($0)") })
            events += count
        }
        try engine.run()
        let receipts = Self.counts(receiver.requests)
        // What crossed the end of its connection was thrown away: sent again without an attempt where the sender could know that.
        let crossing = Self.counts(receiver.crossing)
        let recorded = try bench.deliveries()
        #expect(recorded.count == events * Self.endpoints)
        #expect(recorded.allSatisfy { $0.state == .delivered || $0.state == .exhausted }, "seed \(seed)")
        let wrong = recorded.filter { delivery in
            let key = "\(delivery.endpoint) \(delivery.event)"
            let received = receipts[key] ?? 0
            return delivery.attempts < received || delivery.attempts > received + (crossing[key] ?? 0)
        }
        #expect(wrong.isEmpty, "seed \(seed): \(wrong.prefix(3))")
        let attempts = recorded.reduce(0) { $0 + $1.attempts }
        print(
            "receipts: \(attempts) attempts, \(receiver.requests.count) receipts, \(receiver.crossing.count) that crossed an end, "
                + "\(receiver.connectionCount) connections"
        )
    }

    /// How many requests came for each endpoint and event.
    private static func counts(_ requests: [ReceivedRequest]) -> [String: Int] {
        requests.reduce(into: [:]) { $0["\($1.target.split(separator: "/").last!) \(id(in: $1.body))", default: 0] += 1 }
    }

    /// A connection dies after one answer in five, in every way and at every stage.
    private static func reply(_ dice: Int) -> Reply {
        switch dice {
        case 0..<6: return Reply.ok.then(.finish)
        case 6..<8: return .close
        case 8..<10: return .reset
        case 10..<12: return Reply([.send(Array("HTTP/1.1 200 OK\r\ncontent-len".utf8)), .close])
        case 12..<14: return Reply([.send(Array("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort".utf8)), .reset])
        case 14..<16: return Reply([.send(Array("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".utf8)), .finish])
        // Another answer in the same write, which must never count for the next request. (One that comes a moment later,
        // when the next request is already on its way, is that request's answer for all that HTTP/1.1 can tell.)
        case 16..<18: return .raw(String(repeating: "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", count: 2))
        case 18..<20: return .status(500)
        default: return .ok
        }
    }

    private static func event(_ id: String) -> NewEvent {
        NewEvent(id: id, type: "MEETING_WAIT", node: "s", data: #"{"id":"\#(id)"}"#)
    }

    private static func id(in body: [UInt8]) -> String {
        let parts = String(decoding: body, as: UTF8.self).split(separator: "\"")
        guard let name = parts.firstIndex(of: "id"), name + 2 < parts.count else { return "" }
        return String(parts[name + 2])
    }

    private static func environment(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }
}
