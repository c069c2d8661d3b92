import PosthornModel
import PosthornSystem
import PosthornTestSupport
import Testing

@testable import Posthorn

/// Hostile endpoints of every kind beside healthy ones.
@Suite(.limited(), .onEachStore) struct IsolationTests {
    private static let hostile: [Reply] = [
        .silence, .close, .reset, .status(500), .status(101), .raw("ICY 200 OK\r\n\r\n"),
        Reply([.drip(Array("HTTP/1.1 200 OK\r\nx: y\r\n".utf8), everyMilliseconds: 500)]),
        Reply([.send(Array("HTTP/1.1 200 OK\r\n\r\n".utf8)), .repeatForEver([UInt8](repeating: 0x61, count: 65_536))]),
        Reply([.send(Array("HTTP/1.1 200 OK\r\n".utf8)), .repeatForEver(Array("x-header: and another\r\n".utf8))]),
        .raw("HTTP/1.1 200 OK\r\nx: \(String(repeating: "h", count: 200_000))\r\n\r\n"),
    ]

    @Test func hostileEndpointsOfEveryKindHoldBackNoHealthyOne() throws {
        let healthy = try MisbehavingReceiver { _ in .ok }
        let bad = try MisbehavingReceiver { request in
            Self.hostile[Int(request.target.split(separator: "/").last!)! % Self.hostile.count]
        }
        let bench = try EngineBench()
        let settings = (0..<40).map { EndpointSettings(id: "well\($0)", node: "s", url: "\(healthy.url)/\($0)") }
        let enemies = Self.hostile.indices.map {
            EndpointSettings(id: "bad\($0)", node: "s", url: "\(bad.url)/\($0)", timeoutMilliseconds: 600_000)
        }
        try bench.apply(settings + enemies)
        let engine = try bench.engine()
        try engine.start()
        for batch in 0..<10 {
            _ = try bench.outbox.emit((0..<10).map { NewEvent(id: "b\(batch)-\($0)", type: "MEETING_WAIT", node: "s", data: "{}") })
        }
        #expect(healthy.waitForRequests(4000).count == 4000)
        bad.stop()
        try engine.stop()
        let well = try bench.deliveries().filter { $0.endpoint.hasPrefix("well") }
        #expect(well.count == 4000 && well.allSatisfy { $0.state == .delivered && $0.attempts == 1 })
    }

    /// The last event of a long backlog, alone for its endpoint, in the order of receipts: it does not wait for the others.
    @Test func aSmallTenantDoesNotWaitBehindALargeOnesBacklog() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let bench = try EngineBench()
        let large = try (0..<64).map {
            EndpointSettings(id: "large\($0)", node: "s", url: "\(receiver.url)/large", events: [try EventPattern("LARGE")])
        }
        let small = EndpointSettings(id: "small", node: "s", url: "\(receiver.url)/small", events: [try EventPattern("SMALL")])
        try bench.apply(large + [small])
        for batch in 0..<4 {
            _ = try bench.outbox.emit((0..<80).map { NewEvent(id: "b\(batch)-\($0)", type: "LARGE", node: "s", data: "{}") })
        }
        _ = try bench.outbox.emit(NewEvent(id: "one", type: "SMALL", node: "s", data: "{}"))
        try bench.engine(untilSettled: true).run()
        let targets = receiver.requests.map(\.target)
        let place = try #require(targets.firstIndex { $0.hasSuffix("/small") })
        #expect(targets.count == 20_481)
        // All that fits into the window may go before it, and what its first turns let go of.
        #expect(place < 3 * ClaimWindow.rowLimit, "it came after \(place) others")
    }
}
