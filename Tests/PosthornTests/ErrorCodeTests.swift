import Posthorn
import PosthornTestSupport
import Testing

/// What an outbox refuses has a code, a field, the value and, where words depend on who asks, the remedy as a case.
@Suite(.limited()) struct ErrorCodeTests {
    private let bench: EngineBench

    init() throws {
        bench = try EngineBench()
        try bench.apply([Self.endpoint("crm")])
    }

    private static func endpoint(_ id: String, node: String = "s") -> EndpointSettings {
        EndpointSettings(id: id, node: node, url: "https://\(id).example/hooks")
    }

    private func problem(_ work: () throws -> Void) -> InputProblem? {
        do { try work() } catch { return OutboxError(error)?.inputProblem }
        return nil
    }

    private func emit(_ id: String, type: String = "T", node: String = "s", data: String = "{}") -> InputProblem? {
        problem { _ = try bench.outbox.emit(NewEvent(id: id, type: type, node: node, data: data)) }
    }

    @Test func refusedEventsHaveACode() {
        #expect(emit("e1") == nil)
        let conflict = emit("e1", data: #"{"other":1}"#)
        #expect(conflict?.code == .conflict && conflict?.field == "id" && conflict?.value == "e1")
        let unknown = emit("e2", node: "nowhere")
        #expect(unknown?.code == .notFound && unknown?.field == "node" && unknown?.value == "nowhere")
        #expect(emit("e3", data: "[]")?.code == .malformed)
        #expect(emit("e4", type: "no type")?.code == .malformed)
        let large = emit("e5", data: #"{"a":""# + String(repeating: "x", count: Event.dataLimitBytes) + #""}"#)
        #expect(large?.code == .tooLarge && large?.field == "data" && large?.value == nil)
    }

    @Test(.onEachStore) func missingObjectsAreNotFoundWithARemedy() {
        let outbox = bench.outbox
        let endpoint = problem { _ = try outbox.rotate(endpoint: "cmr") }
        #expect(endpoint?.code == .notFound && endpoint?.field == "endpoint" && endpoint?.remedy == .listEndpoints)
        let node = problem { try outbox.remove(node: "x") }
        #expect(node?.code == .notFound && node?.remedy == .listNodes)
        let delivery = problem { _ = try outbox.attempts(of: 4711) }
        #expect(delivery?.code == .notFound && delivery?.value == "4711" && delivery?.remedy == .listDeliveries)
        #expect(problem { _ = try outbox.event("never") }?.code == .notFound)
    }

    @Test(.onEachStore) func refusalsForNowSayWhatWouldAllowThem() {
        let outbox = bench.outbox
        #expect(emit("e1") == nil)
        let waiting = problem { _ = try outbox.remove(endpoint: "crm") }
        #expect(waiting?.code == .notAllowedNow && waiting?.remedy == .cancelWaiting)
        let used = problem { try outbox.remove(node: "s") }
        #expect(used?.code == .notAllowedNow && used?.remedy == nil)
        let empty = problem { _ = try outbox.apply(Topology(nodes: [], endpoints: []), prune: true) }
        #expect(empty?.code == .notAllowedNow && empty?.remedy == .confirmRemovingAll)
        let orphan = problem { _ = try outbox.apply(Topology(nodes: [Node(id: "n", level: .site, parent: "p")], endpoints: [])) }
        #expect(orphan?.code == .notFound && orphan?.field == "nodes[0].parent")
    }

    @Test func aTopologyIsRefusedByFieldAndCode() {
        func refusal(_ json: String) -> InputProblem? { problem { _ = try Topology(json: Array(json.utf8)) } }
        func endpoint(_ members: String) -> String {
            #"{"nodes":[{"id":"n","level":"company"}],"endpoints":[{"id":"e","node":"n","url":"https://e/"\#(members)}]}"#
        }
        let cases: [(String, String, InputProblem.Code)] = [
            (#"{"nodes":[{"id":"n","level":"planet"}]}"#, "nodes[0].level", .unknownWord),
            (#"{"nodes":[{"id":"n","level":"company"},{"id":"n","level":"company"}]}"#, "nodes[1].id", .conflict),
            (endpoint(""), "endpoints[0].vendor", .missing),
            (endpoint(#","vendor":"weseedo","colour":"red""#), "endpoints[0].colour", .unknownWord),
            (endpoint(#","vendor":"weseedo","timeout_ms":0"#), "endpoints[0].timeout_ms", .outOfRange),
            (endpoint(#","vendor":"weseedo","timeout_ms":"1""#), "endpoints[0].timeout_ms", .malformed),
            (endpoint(#","vendor":"weseedo","headers":{"Host":"h"}"#), "endpoints[0].headers.Host", .notAllowed),
        ]
        for (json, field, code) in cases {
            let problem = refusal(json)
            #expect(problem?.field == field && problem?.code == code, "\(json): \(String(describing: problem))")
        }
    }

    @Test func aProblemKeepsItsCodeAndRemedyWhereverItIsMoved() {
        let problem = InputProblem(.tooLarge, field: "url", value: "x", reason: "is long", remedy: .listNodes)
        let moved = problem.inside("endpoints[2]")
        #expect(moved == InputProblem(.tooLarge, field: "endpoints[2].url", value: "x", reason: "is long", remedy: .listNodes))
        #expect(problem.at("") == InputProblem(.tooLarge, field: "", value: "x", reason: "is long", remedy: .listNodes))
        #expect("\(moved)" == #"endpoints[2].url: "x" is long; \#(Remedy.listNodes.sentence)"#)
    }
}
