import Posthorn
import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornAPI

/// The hierarchy level by level, as a tree that is opened asks for it.
@Suite(.limited()) struct NodeRouteTests {
    private let bench: APIBench

    init() throws { bench = try APIBench() }

    @Test func aTreeIsOpenedLevelByLevel() throws {
        let top = bench.ask("GET", "/v1/nodes?top=true")
        #expect(top.all("id") == ["r1"] && top.data.first?["nodes"] == .number("2") && top.data.first?["endpoints"] == .number("1"))
        #expect(bench.ask("GET", "/v1/nodes?parent=r1").all("id") == ["d1", "d2"])
        let first = bench.ask("GET", "/v1/nodes?parent=r1&limit=1")
        #expect(first.all("id") == ["d1"])
        #expect(bench.ask("GET", "/v1/nodes?parent=r1&limit=1&cursor=\(first.json["next_cursor"]?.string ?? "")").all("id") == ["d2"])
        #expect(bench.ask("GET", "/v1/nodes?parent=s1").data.isEmpty)
        #expect(bench.ask("GET", "/v1/nodes?parent=nobody").status == 404)
        #expect(bench.ask("GET", "/v1/nodes?prefix=d").all("id") == ["d1", "d2"])
        #expect(bench.ask("GET", "/v1/nodes?prefix=d2&parent=r1").all("id") == ["d2"])
        #expect(bench.ask("GET", "/v1/nodes?prefix=none").data.isEmpty)
    }

    @Test func aKeyOfANodeSeesItsOwnTreeAsAWhole() throws {
        let key = try bench.key("d1", .readMetadata)
        func ask(_ query: String) -> Answer { bench.ask("GET", "/v1/nodes?\(query)", key: key) }
        #expect(ask("top=true").all("id") == ["d1"] && ask("top=true").data.first?["parent"] == .null)
        #expect(ask("parent=d1").all("id") == ["c1"] && ask("prefix=c").all("id") == ["c1"])
        #expect(ask("parent=r1").status == 404 && ask("parent=d2").status == 404)
    }
}
