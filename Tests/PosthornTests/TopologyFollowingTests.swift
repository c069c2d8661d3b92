import PosthornModel
import PosthornStore
import PosthornStoreContract
import PosthornTestSupport
import PosthornText
import Testing

@testable import Posthorn

/// Those who keep the hierarchy at hand follow its changes one by one, and have what reading it anew gives.
@Suite(.limited(), .onEveryStore) struct TopologyFollowingTests {
    private static let ids = ["r0", "r1", "d0", "d1", "d2", "c0", "c1", "c2", "c3", "c4", "s0", "s1", "s2", "s3", "s4"]

    /// All that a view says.
    private func said(_ view: TopologyView) -> [String] {
        let trees = ([nil] + Self.ids.map { $0 }).map { top in
            let lists = [
                view.endpointsByID(within: top).map { "\($0.name) \($0.state.rawValue)" }, view.nodesByID(within: top).map(\.name),
                view.childrenByID(of: top).map(\.name), view.nodes(within: top).map { "\($0)" },
                view.endpoints(within: top).map { "\($0)" },
            ]
            return "\(top ?? "all"): \(lists)"
        }
        let nodes = Self.ids.map { id in
            "\(id) \(view.endpoints(at: id).map(\.key)) \(view.endpointCount(at: id)) \(view.childCount(of: id)) \(view.lineage(of: id).map(\.id))"
        }
        return trees + nodes + (0..<12).map { "\(view.endpoint("e\($0)").map { "\($0)" } ?? "none")" }
    }

    /// Used on the writer's thread alone, as engines do.
    private struct Kept: @unchecked Sendable { let directory = EndpointDirectory() }

    /// Who gets an event at each node, and whose the requests to each are.
    private func decided(_ kept: Kept, _ outbox: Outbox) throws -> [String] {
        try outbox.writer.perform { (store) throws(OutboxProblem) in
            let directory = kept.directory
            let now = outbox.clock.now()
            _ = try directory.refresh(from: store, at: now)
            var lines: [String] = []
            for id in Self.ids {
                for type in ["MEETING_STARTED", "USER_CREATED"] {
                    guard let event = try? Event(checking: "e", type: type, node: id, created: now, data: Array("{}".utf8)),
                        let found = try? directory.recipients(of: event)
                    else {
                        lines.append("\(id) unknown")
                        continue
                    }
                    for recipient in found.all {
                        let target = try directory.target(of: recipient.revision, in: store, at: now)?.sendTarget
                        lines.append("\(id) \(recipient) \(target?.owners ?? []) \(target?.url.host ?? "")")
                    }
                }
            }
            return lines + directory.entries.map { "\($0.stored)" }.sorted()
        }
    }

    @Test func followingGivesWhatReadingAnewDoes() throws {
        var random = SeededGenerator(seed: 33)
        let bench = try EngineBench()
        let outbox = bench.outbox
        _ = try outbox.apply(try StoreContract.shape(&random))
        var view = try outbox.read { try outbox.topologies.view($0) }
        let kept = Kept()
        _ = try decided(kept, outbox)
        for round in 0..<80 {
            switch Int.random(in: 0..<4, using: &random) {
            case 0: _ = try outbox.apply(try StoreContract.shape(&random), prune: true)
            case 1: _ = try outbox.apply(try StoreContract.shape(&random))
            case 2:
                guard let id = view.endpoints(within: nil).randomElement(using: &random)?.settings.id else { continue }
                _ = try outbox.setEnabled(Bool.random(using: &random), endpoint: id)
            default:
                guard let id = view.endpoints(within: nil).randomElement(using: &random)?.settings.id else { continue }
                _ = try outbox.remove(endpoint: id)
            }
            view = try outbox.read { reader in
                let changes = try #require(try reader.topologyChanges(since: view.generation, withCredentials: false))
                let followed = try #require(view.following(changes))
                let anew = try TopologyView(try reader.topology(withCredentials: false, withRemoved: false))
                #expect(said(followed) == said(anew), "round \(round)")
                #expect(followed.generation == anew.generation)
                return followed
            }
            // In which order endpoints of one node get an event is not said.
            let difference = Set(try decided(kept, outbox)).symmetricDifference(try decided(Kept(), outbox))
            #expect(difference.isEmpty, "round \(round): \(difference.sorted())")
        }
    }

    /// What one change of another process costs is counted, and does not grow with the endpoints.
    @Test func aChangeIsReadAloneHoweverManyThereAre() throws {
        let bench = try EngineBench()
        let other = try EngineBench(sharing: bench)
        let nodes = (0..<50).map { Node(id: "c\($0)", level: .company) }
        let endpoints = (0..<500).map { EndpointSettings(id: "e\($0)", node: "c\($0 % 50)", url: "https://e.example/") }
        _ = try bench.outbox.apply(try Topology(nodes: nodes, endpoints: endpoints))
        let scoped = bench.outbox.scoped(to: nil)
        #expect(try scoped.endpoints(below: nil, .beginning, limit: 1).elements.first?.state == .active)
        var seen: [Int] = []
        func changed(_ change: () throws -> Void) throws {
            try change()
            let (before, after) = try bench.outbox.read { reader in
                let known = try #require(bench.outbox.topologies.kept)
                let changes = try #require(try reader.topologyChanges(since: known.generation, withCredentials: false))
                return (changes.endpoints.count + changes.nodes.count + changes.removedNodes.count, changes.generation)
            }
            seen.append(before)
            #expect(try scoped.topology().generation == after)
        }
        try changed { _ = try other.outbox.setEnabled(false, endpoint: "e0") }
        #expect(try scoped.endpoints(below: nil, .beginning, limit: 1).elements.first?.state == .disabled)
        try changed { _ = try other.outbox.put(Node(id: "new", level: .site, parent: "c7")) }
        #expect(try scoped.nodes(below: "c7").map(\.id) == ["c7", "new"])
        try changed { _ = try other.outbox.put(EndpointSettings(id: "e500", node: "new", url: "https://e.example/")) }
        #expect(try scoped.endpoints(below: "new", .beginning, limit: 9).elements.map(\.settings.id) == ["e500"])
        try changed { _ = try other.outbox.remove(endpoint: "e500") }
        try changed { try other.outbox.remove(node: "new") }
        #expect(try scoped.nodes(below: "c7").map(\.id) == ["c7"])
        #expect(seen == [1, 1, 1, 1, 1])
    }
}
