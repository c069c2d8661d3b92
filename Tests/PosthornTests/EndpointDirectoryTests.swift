import PosthornModel
import PosthornOutbox
import PosthornSending
import PosthornSystem
import PosthornTestSupport
import Testing

@testable import Posthorn

/// What is remembered of endpoints while their topology changes.
@Suite struct EndpointDirectoryTests {
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
        return try outbox.writer.perform { (_) throws(OutboxProblem) in outbox.directory.targets.count }
    }

    @Test func placesOfEarlierRevisionsAreForgotten() throws {
        let bench = try VendorsBench()
        for i in 0..<50 {
            try bench.apply(endpoint("c", .conference, url: "https://c\(i).example/", ["token": "t"]))
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
}
