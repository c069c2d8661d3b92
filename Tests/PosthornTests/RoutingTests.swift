import PosthornModel
import PosthornStore
import Testing

@testable import Posthorn

/// The vendor's table: all levels receive events from lower levels only.
@Suite struct RoutingTests {
    /// Who receives what, written from the page: reseller, dealer, company, site.
    private static let table: [(types: [String], receivers: Set<Level>)] = [
        (
            [
                "MEETING_CREATED", "MEETING_STARTED", "MEETING_RESTARTED", "MEETING_ENDED", "MEETING_CHANGED", "MEETING_TAKEOVER",
                "MEETING_WAIT", "MEETING_DECLINED", "MEETING_FORWARDED", "MEETING_DELETED",
            ], [.reseller, .dealer, .company, .site]
        ),
        (["USER_CREATED", "USER_CHANGED", "USER_DELETED"], [.reseller, .dealer, .company]),
        (["SITE_CREATED", "SITE_CHANGED", "SITE_DELETED"], [.reseller, .dealer, .company]),
        (["COMPANY_CREATED", "COMPANY_CHANGED", "COMPANY_DELETED"], [.reseller, .dealer]),
        (["DEALER_CREATED", "DEALER_CHANGED", "DEALER_DELETED"], [.reseller]),
    ]

    private static let nodes = [
        Node(id: "r", level: .reseller), Node(id: "d", level: .dealer, parent: "r"), Node(id: "c", level: .company, parent: "d"),
        Node(id: "s", level: .site, parent: "c"), Node(id: "s2", level: .site, parent: "c"), Node(id: "d2", level: .dealer, parent: "r"),
    ]

    private func endpoint(_ key: Int64, _ node: String, _ events: [String] = [], state: EndpointState = .active) throws -> StoredEndpoint {
        let settings = EndpointSettings(
            id: "\(node)-\(key)",
            node: node,
            url: "https://x.example/",
            events: try events.map { (text) throws(InputProblem) in try EventPattern(text) }
        )
        return StoredEndpoint(key: key, revision: key, settings: settings, state: state, stateReason: nil)
    }

    @Test func twentyTwoTypesTimesFourLevels() throws {
        let endpoints = try Self.nodes.enumerated().map { try endpoint(Int64($0), $1.id) }
        let routing = try Routing(nodes: Self.nodes, endpoints: endpoints)
        #expect(Self.table.flatMap(\.types).count == 22)
        for (types, receivers) in Self.table {
            for type in types {
                // The event of the lowest node reaches exactly the levels of the table, on its own line only.
                let got = Set(routing.recipients(type: type, node: "s").map(\.settings.node))
                let wanted = Set(["r", "d", "c", "s"].filter { id in receivers.contains(Self.nodes.first { $0.id == id }!.level) })
                #expect(got == wanted, "\(type)")
            }
        }
    }

    @Test func typesByNameAndPatternsAreFoundInTheOrderOfTheEndpoints() throws {
        let wanted = [
            ["MEETING_*"], ["MEETING_STARTED"], [], ["USER_CREATED", "MEETING_STARTED", "MEETING_STARTED"], ["MEETING_ENDED"],
            ["MEETING_STARTED", "USER_*"], ["*_STARTED"],
        ]
        let endpoints = try wanted.enumerated().map { try endpoint(Int64($0), "c", $1) }
        let routing = try Routing(nodes: Self.nodes, endpoints: endpoints)
        let keys = { (type: String) in routing.recipients(type: type, node: "s").map(\.key) }
        #expect(keys("MEETING_STARTED") == [0, 1, 2, 3, 5, 6])
        #expect(keys("MEETING_ENDED") == [0, 2, 4])
        #expect(keys("USER_CREATED") == [2, 3, 5])
        #expect(keys("meeting_started") == [2])
    }

    @Test func anEventOfAHigherNodeIsNotHeardBelowIt() throws {
        let endpoints = try Self.nodes.enumerated().map { try endpoint(Int64($0), $1.id) }
        let routing = try Routing(nodes: Self.nodes, endpoints: endpoints)
        #expect(routing.recipients(type: "USER_CREATED", node: "d").map(\.settings.node) == ["d", "r"])
        #expect(routing.recipients(type: "MEETING_STARTED", node: "c").map(\.settings.node) == ["c", "d", "r"])
        #expect(routing.recipients(type: "DEALER_CREATED", node: "d").map(\.settings.node) == ["r"])
        #expect(routing.recipients(type: "meeting.finished", node: "s").map(\.settings.node) == ["s", "c", "d", "r"])
    }

    @Test func severalEndpointsOfANodeEachWithItsPatterns() throws {
        let endpoints = [
            try endpoint(1, "c", ["MEETING_*"]), try endpoint(2, "c", ["USER_CREATED", "MEETING_ENDED"]), try endpoint(3, "c"),
            try endpoint(4, "c", state: .removed), try endpoint(5, "c", state: .disabled),
        ]
        let routing = try Routing(nodes: Self.nodes, endpoints: endpoints)
        #expect(routing.recipients(type: "MEETING_ENDED", node: "s").map(\.key) == [1, 2, 3, 5])
        #expect(routing.recipients(type: "MEETING_WAIT", node: "s").map(\.key) == [1, 3, 5])
        #expect(routing.recipients(type: "USER_CREATED", node: "c").map(\.key) == [2, 3, 5])
    }

    @Test func levelsMayBeSkipped() throws {
        let nodes = [Node(id: "r", level: .reseller), Node(id: "s", level: .site, parent: "r")]
        let routing = try Routing(nodes: nodes, endpoints: [try endpoint(1, "r"), try endpoint(2, "s")])
        #expect(routing.recipients(type: "SITE_CHANGED", node: "s").map(\.settings.node) == ["r"])
    }
}
