import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import Posthorn

/// The hierarchy as lists ask it.
@Suite struct TopologyViewTests {
    private let nodes = [
        Node(id: "r", level: .reseller), Node(id: "d", level: .dealer, parent: "r"), Node(id: "c", level: .company, parent: "d"),
        Node(id: "c2", level: .company, parent: "r"),
    ]

    private func endpoint(_ key: Int64, _ id: String, _ node: String, _ state: EndpointState = .active) -> StoredEndpoint {
        let settings = EndpointSettings(id: id, node: node, url: "https://\(id).example/")
        return StoredEndpoint(key: key, revision: key, settings: settings, state: state, stateReason: nil)
    }

    private func view(_ endpoints: [StoredEndpoint], generation: Int64 = 1) throws -> TopologyView {
        try TopologyView(StoredTopology(generation: generation, nodes: nodes, endpoints: endpoints))
    }

    @Test func aTreeIsTheNodeAndAllBelowIt() throws {
        let view = try view([
            endpoint(1, "x", "c"), endpoint(2, "b", "r"), endpoint(3, "m", "c2"), endpoint(4, "a", "d"), endpoint(5, "g", "gone"),
        ])
        let lists = [nil, "r", "d", "c", "c2", "none"].map { view.endpointsByID(within: $0).map(\.name) }
        #expect(lists == [["a", "b", "g", "m", "x"], ["a", "b", "m", "x"], ["a", "x"], ["x"], ["m"], []])
        #expect(view.nodes(within: "d").map(\.id) == ["d", "c"] && view.nodes(within: nil).count == 4 && view.nodes(within: "x").isEmpty)
        #expect(view.nodesByID(within: "r").map(\.name) == ["c", "c2", "d", "r"])
        #expect(view.childrenByID(of: nil).map(\.name) == ["r"] && view.childrenByID(of: "r").map(\.name) == ["c2", "d"])
    }

    @Test func anOutboxShowsEachChangeAtOnce() throws {
        let bench = try EngineBench()
        func ids(_ state: EndpointState) throws -> [String] {
            try bench.outbox.scoped(to: nil).endpoints().filter { $0.state == state }.map(\.settings.id)
        }
        func settings(_ id: String, _ node: String = "c") -> EndpointSettings {
            EndpointSettings(id: id, node: node, url: "https://\(id).example/")
        }
        try bench.apply([settings("b"), settings("a")])
        #expect(try ids(.active) == ["b", "a"])
        _ = try bench.outbox.setEnabled(false, endpoint: "b", reason: nil)
        #expect(try ids(.active) == ["a"] && ids(.disabled) == ["b"])
        try bench.apply([settings("b"), settings("a"), settings("c")])
        #expect(try ids(.active) == ["a", "c"])
        try bench.apply([settings("c", "s")], prune: true)
        #expect(try ids(.active) == ["c"] && bench.outbox.scoped(to: "s").endpoints().count == 1 && ids(.disabled) == [])
        try bench.apply([settings("a")])
        #expect(try ids(.active).sorted() == ["a", "c"])
    }
}
