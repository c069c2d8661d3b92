import PosthornModel
@testable import PosthornSQLite
import PosthornStore
import Testing

/// What every store must do with the hierarchy and its endpoints; part of the contract.
extension OutboxStoreContract {
    static let topologyRules: [Rule] = [
        ("removed endpoints are read when they are asked for", { try $0.removedAreLeftOut() }),
        ("an id is written in one way", { try $0.idsAreWrittenInOneWay() }),
    ]

    private func removedAreLeftOut() throws {
        let (store, revisions) = try prepared(["a", "b"])
        try apply([EndpointSettings(id: "b", node: "n", url: "https://b.example/")], to: store, prune: true)
        func ids(withRemoved: Bool) throws -> [String] {
            try store.topology(withCredentials: true, withRemoved: withRemoved).endpoints.map(\.settings.id)
        }
        #expect(try ids(withRemoved: false) == ["b"])
        #expect(try ids(withRemoved: true) == ["a", "b"])
        let removed = try #require(try store.endpoint(id: "a"))
        #expect(removed.state == .removed && removed.revision == revisions[0])
        #expect(try store.endpoint(id: "b")?.state == .active)
        #expect(try store.endpoint(id: "c") == nil)
    }

    /// Swift takes both for the same text, SQLite does not: a second row would be there, or credentials sealed for an id that
    /// the row does not have.
    private func idsAreWrittenInOneWay() throws {
        let (one, other) = ("caf\u{E9}", "cafe\u{301}")
        let store = try open()
        func field(_ node: String, _ endpoint: String, at place: String) throws -> String? {
            let topology = try Topology(
                nodes: [Node(id: node, level: .company, name: "\(node.utf8.count)")],
                endpoints: [EndpointSettings(id: endpoint, node: place, url: "https://\(endpoint.utf8.count).example/")]
            )
            do throws(InputProblem) {
                let plan = try TopologyPlan(making: topology, of: try! store.topology(), prune: false) { _, new in new.credentials }
                try! store.write { () throws(OutboxProblem) in try store.change(plan, at: now) }
                return nil
            } catch {
                return error.field
            }
        }
        #expect(try field(one, one, at: other) == "endpoints[0].node")
        #expect(try field(one, one, at: one) == nil)
        #expect(try field(other, one, at: other) == "nodes[0].id")
        #expect(try field(one, other, at: one) == "endpoints[0].id")
        #expect(try store.topology().nodes.count == 1)
    }
}
