import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornTestSupport
import PosthornText
import Testing

@testable import Posthorn

/// A program that emits and runs no engine reads the event's branch alone, and finds whom the engine's directory finds.
@Suite struct BranchDirectoryTests {
    private let bench: EngineBench

    init() throws { bench = try EngineBench() }

    private static let nodes = [
        Node(id: "r", level: .reseller), Node(id: "d", level: .dealer, parent: "r"), Node(id: "c", level: .company, parent: "d"),
        Node(id: "s", level: .site, parent: "c"), Node(id: "s2", level: .site, parent: "c"), Node(id: "d2", level: .dealer, parent: "r"),
        Node(id: "caf\u{E9}", level: .site),
    ]

    private func apply(_ endpoints: [EndpointSettings], prune: Bool = false) throws {
        _ = try bench.outbox.apply(try Topology(nodes: Self.nodes, endpoints: endpoints), prune: prune)
    }

    private func endpoints() throws -> [EndpointSettings] {
        let patterns = [[], ["MEETING_*"], ["USER_CREATED", "MEETING_ENDED"], ["*"]]
        return try Self.nodes.flatMap { node in
            try patterns.enumerated().map { place, texts in
                EndpointSettings(
                    id: "\(node.id)-\(place)",
                    node: node.id,
                    url: "https://x.example/",
                    envelope: place == 3 ? .webio : .standard,
                    events: try texts.map { (text) throws(InputProblem) in try EventPattern(text) }
                )
            }
        }
    }

    /// Whom both find, and what both say of the event.
    private func found(_ event: Event) throws -> (branch: EventRecipients?, directory: EventRecipients?) {
        let (outbox, now) = (bench.outbox, bench.outbox.clock.now())
        return try outbox.writer.perform { (store) throws(OutboxProblem) in
            let branches = BranchDirectory()
            try branches.refresh(from: store)
            let directory = EndpointDirectory()
            _ = try directory.refresh(from: store, at: now)
            return (try branches.recipients(of: event, from: store, at: now), try? directory.recipients(of: event))
        }
    }

    @Test(.onEachStore) func aBranchHasTheRecipientsOfTheWholeDirectory() throws {
        try apply(try endpoints())
        _ = try bench.outbox.setEnabled(false, endpoint: "c-0")
        try apply(try endpoints().filter { $0.id != "d-1" }, prune: true)
        for node in Self.nodes.map(\.id) + ["nobody"] {
            for type in ["MEETING_ENDED", "USER_CREATED", "SITE_CREATED", "COMPANY_CREATED", "DEALER_CREATED", "other"] {
                for data in ["{}", #"{"type":"else"}"#] {
                    let event = Event(id: "e", type: type, node: node, created: bench.outbox.clock.now(), data: Array(data.utf8))
                    let (branch, directory) = try found(event)
                    #expect(branch?.all == directory?.all && branch?.uncarried == directory?.uncarried, "\(type) at \(node)")
                    #expect((branch == nil) == (node == "nobody"))
                    #expect(branch?.uncarried.isEmpty != false || data != "{}")
                }
            }
        }
    }

    @Test(.onEachStore) func aNodeInOtherBytesIsNamedAsSuch() throws {
        try apply(try endpoints())
        let emit = { (node: String) in _ = try bench.outbox.emit(NewEvent(type: "T", node: node, data: "{}")) }
        try emit("caf\u{E9}")
        let reasons = ["cafe\u{301}": "looks like an id that is there", "caff\u{E9}": "names no node", "x": "names no node"]
        for (node, reason) in reasons {
            let problem = #expect(throws: InputProblem.self) { try emit(node) }
            #expect(problem?.field == "node" && problem?.reason.hasPrefix(reason) == true, "\(node): \(String(describing: problem))")
        }
    }

    /// The topology changes between two events of one program.
    @Test(.onEachStore) func aChangeIsFollowed() throws {
        let one = EndpointSettings(id: "a", node: "s", url: "https://x.example/")
        let two = EndpointSettings(id: "b", node: "r", url: "https://x.example/")
        func deliveries() throws -> Int { try bench.outbox.emit(NewEvent(type: "T", node: "s", data: "{}")).deliveries }
        try apply([one])
        #expect(try deliveries() == 1)
        let other = try bench.place.open()
        defer { other.close() }
        _ = try other.apply(try Topology(nodes: Self.nodes, endpoints: [one, two]))
        #expect(try deliveries() == 2)
    }

    /// Counts, not times: one event costs as many steps of statements whatever stands beside its branch.
    @Test func theCostOfAnEventDoesNotGrowWithOtherBranches() throws {
        func steps(others: Int) throws -> Int {
            let bench = try EngineBench()
            let crowd = (0..<others).map { EndpointSettings(id: "x\($0)", node: "d2", url: "https://x.example/") }
            let own = EndpointSettings(id: "own", node: "s", url: "https://x.example/")
            _ = try bench.outbox.apply(try Topology(nodes: Self.nodes, endpoints: crowd + [own]))
            // A program of its own, which has read nothing yet.
            let emitter = try bench.place.open()
            defer { emitter.close() }
            let before = try emitter.counters().statements
            _ = try emitter.emit(NewEvent(type: "T", node: "s", data: "{}"))
            return try emitter.counters().statements - before
        }
        #expect(try steps(others: 500) == steps(others: 0))
    }

    /// With a store of which nothing but the topology is there.
    @Test func aBranchIsReadOnceForAllItsEventsUntilTheTopologyChanges() throws {
        let (topology, now) = (BranchOnly(), Timestamp(milliseconds: 0))
        let branches = BranchDirectory()
        func readsOfAnEvent() throws -> Int {
            let before = topology.reads
            try branches.refresh(from: topology)
            let event = Event(id: "e", type: "T", node: "s", created: now, data: Array("{}".utf8))
            #expect(try branches.recipients(of: event, from: topology, at: now)?.all.count == 1)
            return topology.reads - before
        }
        let first = try readsOfAnEvent()
        #expect(first > 0)
        #expect(try readsOfAnEvent() == 0)
        topology.generation += 1
        #expect(try readsOfAnEvent() == first)
        // The same number again, of another change.
        topology.topologyRollbacks += 1
        #expect(try readsOfAnEvent() == first)
        #expect(try readsOfAnEvent() == 0)
    }
}

/// A company with a site and an endpoint at each of them that wants another type, but for the company's.
private final class BranchOnly: TopologyLookup {
    var generation: Int64 = 1
    var topologyRollbacks = 0
    private(set) var reads = 0

    private let nodes = [Node(id: "c", level: .company), Node(id: "s", level: .site, parent: "c")]

    func topologyGeneration() -> Int64 { generation }

    func node(id: String) -> Node? {
        reads += 1
        return nodes.first { $0.id == id }
    }

    func hasNode(lookingLike id: String) -> Bool { nodes.contains { $0.id == id } }

    func endpoints(atNode node: String) -> [StoredEndpoint] {
        reads += 1
        let wanted = node == "c" ? "T" : "OTHER"
        let settings = EndpointSettings(id: node, node: node, url: "https://\(node).example/", events: [try! EventPattern(wanted)])
        return [StoredEndpoint(key: node == "c" ? 1 : 2, revision: 1, settings: settings, state: .active, stateReason: nil)]
    }

    func endpoint(id: String) -> StoredEndpoint? { nil }
    func endpoint(lookingLike id: String, withCredentials: Bool) -> StoredEndpoint? { nil }
    func endpoint(_ key: Int64) -> StoredEndpoint? { nil }
    func revision(_ key: Int64) -> StoredRevision? { nil }
    func topologyChanges(since generation: Int64, withCredentials: Bool) -> TopologyChanges? { nil }
    func topology(withCredentials: Bool, withRemoved: Bool) -> StoredTopology {
        StoredTopology(generation: generation, nodes: nodes, endpoints: [])
    }
}
