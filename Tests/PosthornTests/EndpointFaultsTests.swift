import PosthornModel
import PosthornText
import PosthornTestSupport
import Testing

@testable import Posthorn
@testable import PosthornStore

/// What is known of endpoints that cannot be used, without a run and after one.
@Suite(.limited()) struct EndpointFaultsTests {
    private let key = try! OutboxKey(text: String(repeating: "0f", count: 32))
    private let otherKey = try! OutboxKey(text: String(repeating: "f0", count: 32))
    private let time = Timestamp(milliseconds: 1_594_816_394_000)

    @Test func faultsOfTheRunningEngineCountUnlessFoundHereToo() {
        let run = LastRunFaults(engine: 42, at: time, reasons: ["a": "no key", "b": "no key", "c": "no key", "gone": "no key"])
        let faults = EndpointFaults(["a": .usable, "b": .broken("torn"), "c": .untried, "d": .usable], run)
        #expect(faults.found == ["b": "torn"] && faults.mended.isEmpty)
        let reason = "the engine that runs (process 42) cannot use it: no key"
        #expect(faults.lastRun == ["a": reason, "c": reason])
        #expect(faults.all.keys.sorted() == ["a", "b", "c"])
    }

    @Test func faultsOfTheLastEngineCountOnlyWithoutAKey() {
        let run = LastRunFaults(at: time, reasons: ["a": "no key", "b": "no key", "c": "no key"])
        let faults = EndpointFaults(["a": .usable, "b": .broken("torn"), "c": .untried], run)
        #expect(faults.all == ["b": "torn", "c": "as of the last engine (2020-07-15T12:33:14.000Z), which could not use it: no key"])
        #expect(faults.mended == ["a": "the last engine (2020-07-15T12:33:14.000Z) could not use it: no key"])
    }

    private func topology(_ url: String = "https://a.example/") throws -> Topology {
        try Topology(
            nodes: [Node(id: "n1", level: .company)],
            endpoints: ["a", "b"].map { endpoint($0, .conference, url: url, ["token": "token-of-\($0)-0123456789"]) }
        )
    }

    @Test(.onEachStore) func anApplyThatWritesTheEndpointsAnewSettlesWhatTheLastRunFound() throws {
        let bench = try VendorsBench(key: key)
        _ = try bench.outbox.apply(topology())
        let keyless = try bench.place.open()
        defer { keyless.close() }
        #expect(throws: OutboxProblem.self) { try Engine(outbox: keyless).run() }
        #expect(try keyless.endpointFaults().all.keys.sorted() == ["a", "b"])
        let here = try bench.outbox.endpointFaults()
        #expect(here.all.isEmpty && here.mended.keys.sorted() == ["a", "b"])
        // Nothing to change, so nothing is known that was not.
        #expect(try bench.outbox.apply(topology()).isEmpty)
        #expect(try keyless.endpointFaults().all.count == 2)
        _ = try bench.outbox.rotate(endpoint: "b")
        #expect(try keyless.endpointFaults().all.keys.sorted() == ["a"])
        _ = try bench.outbox.apply(topology("https://b.example/"))
        #expect(try keyless.endpointFaults().all.isEmpty && bench.outbox.endpointFaults().mended.isEmpty)
    }

    /// The engine goes on without the key, whoever applies has it: what is written anew is still of no use to the engine.
    @Test func anEngineThatRunsSaysAgainWhatItCannotUse() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("outbox.db")
        let owner = try Outbox(path: path, key: key)
        defer { owner.close() }
        let plain = endpoint("plain", .weseedo, url: "https://w.example/", [:])
        func apply(_ url: String) throws {
            let all = try topology(url)
            _ = try owner.apply(Topology(nodes: all.nodes, endpoints: all.endpoints + [plain]))
        }
        try apply("https://a.example/")
        let bench = try EngineBench(try Outbox(path: path))
        let engine = try bench.engine()
        try engine.start()
        #expect(bench.waitFor("both", count: 2) { if case .endpointBroken = $0 { true } else { false } })
        try apply("https://b.example/")
        #expect(bench.waitFor("read again", count: 2) { if case .topologyRead = $0 { true } else { false } })
        try engine.stop()
        #expect(try bench.outbox.endpointFaults().all.keys.sorted() == ["a", "b"])
    }
}
