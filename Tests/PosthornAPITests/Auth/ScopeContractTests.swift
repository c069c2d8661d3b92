import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornAPI

/// Nothing outside of a key's or portal session's tree comes out, and nothing outside changes: every route, with keys and sessions of every
/// level and every right.
@Suite(.limited()) struct ScopeContractTests {
    private let bench: APIBench
    /// Everything that belongs to the tree of d2, or to r1, by what it looks like in an answer.
    private static let foreign = ["far", "stranger", "s2", "c2", "d2", "r1", "top", "e-far"]

    init() throws {
        bench = try APIBench()
        try bench.emit("e-mine")
        try bench.emit("e-far", node: "s2")
    }

    private static let everything = AccessRight.allCases.filter { $0 != .admin }

    /// How someone is let in.
    enum Way: CaseIterable { case key, session }

    /// The fields that let someone in at a node, with every right or with one.
    private func fields(_ way: Way, _ node: String, _ right: AccessRight? = nil) throws -> [(String, String)] {
        switch way {
        case .key:
            let made = try bench.outbox.makeAccessKey(node: node, rights: right.map { [$0] } ?? Set(Self.everything))
            try bench.api.book.refresh()
            return [("Authorization", "Bearer \(made.token.text)")]
        case .session: return try bench.visitor(node, right.map { [$0] } ?? Set(PortalSession.grantableRights)).headers
        }
    }

    /// All that can be read of the outbox, by someone who sees it whole.
    private func snapshot() throws -> String {
        var text = try bench.outbox.exportedTopology(withSecrets: true)
        for event in ["e-mine", "e-far"] { text += "\(try bench.outbox.event(event).event)" }
        try bench.outbox.deliveries { text += "\($0)" }
        text += "\(try bench.outbox.accessKeys().map { ($0.id, $0.revoked) })\(try bench.outbox.replays())"
        text += "\(try bench.outbox.portalSessions().map { ($0.id, $0.revoked) })"
        return text
    }

    /// A target in which every parameter of the path is one id.
    private static func target(_ route: Route, _ id: String) -> String {
        "/" + route.segments.map { $0.hasPrefix("{") ? id : String($0) }.joined(separator: "/")
    }

    private func ask(_ route: Route, _ id: String, _ fields: [(String, String)]) -> Answer {
        let text = route.body.map { $0.example.text }
        return bench.ask(route.method, Self.target(route, id), body: text, type: route.body?.types[0] ?? "", headers: fields)
    }

    private func foreignID(of route: Route) throws -> (foreign: String, unknown: String)? {
        guard let parameter = route.parameters.first(where: { $0.place == .path }) else { return nil }
        switch route.segments[1] {
        case "events": return ("e-far", "e-xxx")
        case "deliveries": return (String(try bench.deliveries(of: "far")[0]), "987654")
        case "endpoints": return ("far", "xxx")
        case "nodes": return ("c2", "xx")
        case "replays": return (String(try bench.outbox.startReplay(Replay.Selection(), scope: "c2").number), "987654")
        case "keys":
            _ = try bench.outbox.makeAccessKey(node: "c2", rights: [.read])
            return (try bench.outbox.accessKeys().last?.id ?? "", "0123456789ab")
        case "portal-sessions":
            let made = try bench.outbox.makePortalSession(node: "c2", rights: [.read], lifetimeMilliseconds: 60_000)
            return (made.session.id, "0123456789ab")
        // Nobody with a node may ask for them.
        case "backups": return ("2020-07-15T12-33-14.000Z", "2020-07-15T12-33-14.001Z")
        default:
            Issue.record("no id is known for \(parameter.name) of \(route.path)")
            return nil
        }
    }

    @Test(arguments: Way.allCases)
    func anUnknownIDAndAForeignOneAreAnsweredByteForByteTheSame(_ way: Way) throws {
        for route in bench.api.table.routes where route.access != .open {
            guard let (foreign, unknown) = try foreignID(of: route) else { continue }
            for node in ["d1", "c1", "s1"] {
                let key = try fields(way, node)
                let before = try snapshot()
                let (one, other) = (ask(route, foreign, key), ask(route, unknown, key))
                #expect(one.status == other.status && one.status >= 400, "\(route.operation) with \(node)")
                #expect(one.text.replacing(foreign, with: unknown) == other.text, "\(route.operation) with \(node)")
                #expect(one.headers.map { "\($0)" } == other.headers.map { "\($0)" }, "\(route.operation)")
                #expect(try snapshot() == before, "\(route.operation) with \(node) changed something")
            }
        }
    }

    /// Of what stays the same, every route that reads.
    @Test(arguments: Way.allCases)
    func nothingOutsideOfTheTreeIsInAnyAnswer(_ way: Way) throws {
        let own = ["events": "e-mine", "deliveries": String(try bench.deliveries(of: "mine")[0]), "endpoints": "mine", "nodes": "c1"]
        for node in ["c1", "d1"] {
            let key = try fields(way, node)
            for way in Way.allCases { _ = try fields(way, "c2") }
            _ = try bench.outbox.startReplay(Replay.Selection(), scope: "c2")
            for route in bench.api.table.routes where route.access != .open && route.method == "GET" {
                let id = own[route.segments.dropFirst().first.map { String($0) } ?? ""] ?? "-"
                let text = ask(route, id, key).text
                for word in Self.foreign {
                    let isThere = text.firstRange(of: "\"\(word)\"") != nil || (word == "stranger" && text.contains(word))
                    #expect(!isThere, "\(route.operation) shows \(word) to a key of \(node): \(text)")
                }
            }
        }
    }

    /// Filters by what is outside are answered like filters by what does not exist.
    @Test(arguments: Way.allCases)
    func filtersDoNotAskAboutTheOutside(_ way: Way) throws {
        let key = try fields(way, "c1")
        for (path, parameter, foreign, unknown) in [
            ("/v1/deliveries", "endpoint", "far", "xxx"), ("/v1/deliveries", "node", "c2", "xx"),
            ("/v1/deliveries", "event", "e-far", "e-xxx"),
            ("/v1/events", "node", "c2", "xx"), ("/v1/endpoints", "node", "c2", "xx"),
        ] {
            let one = bench.ask("GET", "\(path)?\(parameter)=\(foreign)", headers: key)
            let other = bench.ask("GET", "\(path)?\(parameter)=\(unknown)", headers: key)
            #expect(one.status == 404 && one.text.replacing(foreign, with: unknown) == other.text, "\(path) \(parameter)")
        }
    }

    /// Bodies that name something outside.
    @Test(arguments: Way.allCases)
    func bodiesDoNotReachTheOutside(_ way: Way) throws {
        let key = try fields(way, "c1")
        let before = try snapshot()
        for (method, target, body, foreign, unknown) in [
            ("POST", "/v1/events", #"{"id":"n1","type":"A","node":"@","data":{}}"#, "s2", "sX"),
            ("POST", "/v1/recipients", #"{"type":"A","node":"@"}"#, "c2", "xx"),
            ("POST", "/v1/endpoints", #"{"id":"n1","node":"@","url":"https://n.example/","vendor":"weseedo"}"#, "c2", "xx"),
            ("PATCH", "/v1/endpoints/mine", #"{"node":"@"}"#, "c2", "xx"),
            ("POST", "/v1/keys", #"{"rights":["read"],"node":"@"}"#, "c2", "xx"),
            ("POST", "/v1/replays", #"{"node":"@"}"#, "c2", "xx"), ("POST", "/v1/replays", #"{"endpoint":"@"}"#, "far", "xxx"),
            ("POST", "/v1/deliveries/retry", #"{"node":"@"}"#, "c2", "xx"),
            ("POST", "/v1/deliveries/cancel", #"{"endpoint":"@"}"#, "far", "xxx"),
        ] {
            let one = bench.ask(method, target, body: body.replacing("@", with: foreign), headers: key)
            let other = bench.ask(method, target, body: body.replacing("@", with: unknown), headers: key)
            #expect(one.status >= 400 && one.text.replacing(foreign, with: unknown) == other.text, "\(method) \(target): \(one.text)")
        }
        #expect(try snapshot() == before)
    }

    @Test(arguments: Way.allCases)
    func anEndpointThatMovesHereBringsNoEventsAlongAndANodeThatMovesTakesItsEventsAway(_ way: Way) throws {
        let key = try fields(way, "c1")
        let number = try bench.deliveries(of: "far")[0]
        _ = try bench.outbox.apply(
            Topology(nodes: [], endpoints: [EndpointSettings(id: "far", node: "c1", url: "https://far.example/hook")])
        )
        #expect(bench.ask("GET", "/v1/endpoints/far", headers: key).status == 200)
        #expect(bench.ask("GET", "/v1/deliveries?endpoint=far", headers: key).data.isEmpty)
        #expect(bench.ask("GET", "/v1/deliveries/\(number)", headers: key).status == 404)
        #expect(bench.ask("POST", "/v1/deliveries/\(number)/cancel", headers: key).status == 404)
        _ = try bench.outbox.apply(Topology(nodes: [Node(id: "s1", level: .site, parent: "c2")], endpoints: []))
        #expect(bench.ask("GET", "/v1/events/e-mine", headers: key).status == 404)
        #expect(bench.ask("GET", "/v1/deliveries", headers: key).data.isEmpty)
    }

    @Test(arguments: Way.allCases)
    func whoseNodeIsGoneSeesNothing(_ way: Way) throws {
        let key = try fields(way, "s1")
        _ = try bench.outbox.remove(node: "s1")
        #expect(bench.ask("GET", "/v1/nodes", headers: key).data.isEmpty)
        #expect(bench.ask("GET", "/v1/events", headers: key).data.isEmpty)
        #expect(bench.ask("GET", "/v1/deliveries", headers: key).data.isEmpty)
    }

    /// Ids of foreign things are ids like others but where one must be new: ids are names of the whole platform.
    @Test(arguments: Way.allCases)
    func anIDThatIsTakenElsewhereIsRefusedLikeOneThatIsTakenHere(_ way: Way) throws {
        let key = try fields(way, "c1")
        let body = #"{"id":"@","node":"c1","url":"https://n.example/","vendor":"weseedo"}"#
        let foreign = bench.ask("POST", "/v1/endpoints", body: body.replacing("@", with: "far"), headers: key)
        let own = bench.ask("POST", "/v1/endpoints", body: body.replacing("@", with: "mine"), headers: key)
        #expect(foreign.status == 409 && foreign.text.replacing("far", with: "mine") == own.text)
    }

    @Test(arguments: Way.allCases)
    func aRightThatIsMissingKeepsEveryRouteShut(_ way: Way) throws {
        for right in Self.everything {
            if way == .session, !PortalSession.grantableRights.contains(right) { continue }
            let key = try fields(way, "c1", right)
            for route in bench.api.table.routes {
                guard case .right(let needed) = route.access, !right.withIncluded.contains(needed) else { continue }
                let before = try snapshot()
                #expect(ask(route, "1", key).status == 403, "\(route.operation) with \(right.rawValue)")
                #expect(try snapshot() == before)
            }
        }
    }
}
