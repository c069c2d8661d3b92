import PosthornModel
import PosthornStore
import PosthornStoreContract
import PosthornTestSupport
import PosthornText
import Testing

@testable import Posthorn

/// A process without an engine that changes a little of a hierarchy reads no more of it than what that hangs on.
@Suite(.limited(), .onEveryStore) struct FirstChangeTests {
    private func said(_ change: () throws -> [TopologyChange]) -> String {
        do { return "\(try change())" } catch { return "\(error)" }
    }

    /// A dry run compares with all that is stored.
    @Test func aPartIsChangedAsIfAllHadBeenRead() throws {
        var random = SeededGenerator(seed: 18)
        let bench = try EngineBench()
        let outbox = bench.outbox
        _ = try outbox.apply(try StoreContract.shape(&random), prune: true)
        let version = outbox.directory.version
        for _ in 0..<60 {
            let shape = try StoreContract.shape(&random)
            let nodes = shape.nodes.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }
            let endpoints = shape.endpoints.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }
            let part = try Topology(nodes: nodes, endpoints: endpoints)
            let expected = said { try outbox.preview(part) }
            let made = said { try outbox.apply(part) }
            #expect(made == expected)
        }
        #expect(outbox.directory.version == version)
    }

    @Test func aNodeThatChangesItsLevelIsStillComparedWithWhatIsBelowIt() throws {
        let bench = try EngineBench()
        let outbox = bench.outbox
        let nodes = [Node(id: "d", level: .dealer), Node(id: "c", level: .company, parent: "d")]
        _ = try outbox.apply(try Topology(nodes: nodes, endpoints: []))
        let lower = try Topology(nodes: [Node(id: "d", level: .site)], endpoints: [])
        let expected = said { try outbox.preview(lower) }
        let made = said { try outbox.apply(lower) }
        #expect(made == expected && !expected.hasPrefix("["), "\(expected)")
    }

    /// What came by SQL before the change goes where the hierarchy said then.
    @Test func whatWasAcceptedBeforeGoesWhereItWasToGo() throws {
        let bench = try EngineBench()
        try bench.apply([EndpointSettings(id: "a", node: "c", url: "https://a.example/")])
        try bench.place.insert("e1", type: "MEETING_STARTED", node: "c")
        _ = try bench.outbox.apply(
            try Topology(nodes: [], endpoints: [EndpointSettings(id: "b", node: "c", url: "https://b.example/")])
        )
        var found: [String] = []
        try bench.outbox.deliveries(DeliveryFilter()) { found.append("\($0.event) \($0.endpoint)") }
        #expect(found == ["e1 a"])
    }
}
