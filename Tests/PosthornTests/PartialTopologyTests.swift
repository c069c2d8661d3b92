import Posthorn
import PosthornModel
import PosthornStore
import PosthornTestSupport
import Testing

/// A file that has only a part of the hierarchy: what it lacks is in the outbox.
@Suite(.limited()) struct PartialTopologyTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func outbox() throws -> Outbox {
        let outbox = try Outbox(path: folder.file("outbox.db"))
        _ = try outbox.apply(Topology(nodes: [Node(id: "acme", level: .company)], endpoints: []))
        return outbox
    }

    @Test func aNodeMayHaveAParentThatIsStored() throws {
        let outbox = try outbox()
        let changes = try outbox.apply(Topology(nodes: [Node(id: "desk", level: .site, parent: "acme")], endpoints: []))
        #expect(changes.map(\.id) == ["desk"])
        #expect(try outbox.topology().nodes.first { $0.id == "desk" }?.parent == "acme")
    }

    @Test func aParentThatIsNowhereIsRefused() throws {
        let outbox = try outbox()
        let problem = #expect(throws: InputProblem.self) {
            try outbox.apply(Topology(nodes: [Node(id: "desk", level: .site, parent: "acmee")], endpoints: []))
        }
        #expect(problem?.description == #"nodes[0].parent: "acmee" names no node; add that node or correct the id"#)
    }

    @Test func aNodeThatLosesItsParentIsNamedWithIt() throws {
        let outbox = try outbox()
        _ = try outbox.apply(Topology(nodes: [Node(id: "desk", level: .site, parent: "acme")], endpoints: []))
        let changes = try outbox.apply(Topology(nodes: [Node(id: "desk", level: .site)], endpoints: []))
        #expect(changes.map(\.detail) == ["parent: none now, was acme"])
    }
}
