import PosthornHTTP
import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

@testable import Posthorn
@testable import PosthornAPI

/// The list of what people changed.
@Suite(.limited()) struct ChangeRouteTests {
    private let bench: APIBench

    init() throws { bench = try APIBench() }

    /// The list as someone sees it, each entry as `who: what which at where`.
    private func changes(_ key: String) throws -> [String] {
        // A call that waits for the writer comes behind what was handed to it before.
        _ = try bench.outbox.counters()
        return bench.ask("GET", "/v1/changes", key: key).data.map { each in
            "\(each["by_name"]?.string ?? each["by"]?.string ?? ""): \(each["action"]?.string ?? "") \(each["subject"]?.string ?? "") "
                + "at \(each["node"]?.string ?? "")"
        }
    }

    private func key(_ name: String, _ node: String?, _ rights: AccessRight...) throws -> String {
        let made = try bench.outbox.makeAccessKey(name: name, node: node, rights: Set(rights))
        try bench.api.book.refresh()
        return made.token.text
    }

    @Test func everyOperationThatChangesSomethingIsNotedOrSaidToChangeNothing() {
        for route in bench.api.table.routes where route.method != "GET" {
            let isNoted = ChangeNotes.actions[route.operation] != nil
            #expect(isNoted != ChangeNotes.others.contains(route.operation), "\(route.operation)")
        }
        let operations = Set(bench.api.table.routes.map(\.operation))
        #expect(ChangeNotes.others.union(ChangeNotes.actions.keys).subtracting(operations).isEmpty)
    }

    @Test func whatIsDoneIsListedWithWhoDidItAndForWhomItIsToBeSeen() throws {
        let (shop, other) = (try key("shop", "c1", .read, .endpoints, .retry, .secrets), try key("other", "c2", .read, .endpoints))
        let admin = try key("admin", nil, .admin)
        try bench.emit("e1")
        let number = try bench.deliveries(of: "mine")[0]
        #expect(bench.ask("POST", "/v1/endpoints/mine/disable", key: shop, body: #"{"reason":"r"}"#).status == 200)
        #expect(bench.ask("POST", "/v1/deliveries/\(number)/cancel", key: shop).status == 200)
        #expect(bench.ask("GET", "/v1/endpoints/mine/secret", key: shop).status == 200)
        #expect(bench.ask("DELETE", "/v1/endpoints/far", key: other).status == 200)
        #expect(bench.ask("POST", "/v1/endpoints/mine/enable", key: admin).status == 200)
        let body = #"{"nodes":[{"id":"r9","level":"reseller"}],"endpoints":[]}"#
        #expect(bench.ask("PUT", "/v1/topology", key: admin, body: body).status == 200)
        let own = [
            "admin: endpoint enable mine at c1", "shop: endpoint secret mine at c1", "shop: cancel \(number) at c1",
            "shop: endpoint disable mine at c1",
        ]
        #expect(try changes(shop) == own)
        #expect(try changes(other) == ["other: endpoint remove far at c2"])
        #expect(try changes(admin) == ["admin: apply null at null", own[0], "other: endpoint remove far at c2"] + own[1...])
    }

    /// The list is bounded: who fills it with what changed nothing hides what was changed.
    @Test func whatChangedNothingIsNotNoted() throws {
        let (shop, admin) = (try key("shop", "c1", .read, .endpoints), try key("admin", nil, .admin))
        for _ in 0..<2 {
            #expect(bench.ask("POST", "/v1/endpoints/mine/enable", key: shop).status == 200)
            #expect(bench.ask("PATCH", "/v1/endpoints/mine", key: shop, body: #"{"timeout_ms":5000}"#).status == 200)
            #expect(bench.ask("POST", "/v1/endpoints/mine/disable", key: shop, body: #"{"reason":"r"}"#).status == 200)
            #expect(bench.ask("POST", "/v1/endpoints/mine/disable", key: shop, body: #"{"reason":"r"}"#).status == 200)
            #expect(bench.ask("PUT", "/v1/topology", key: admin, body: #"{"nodes":[],"endpoints":[]}"#).status == 200)
        }
        let (disabled, enabled) = ("shop: endpoint disable mine at c1", "shop: endpoint enable mine at c1")
        #expect(try changes(admin) == [disabled, enabled, disabled, "shop: endpoint change mine at c1"])
    }

    @Test func whatIsRefusedOrOnlyCountedIsNotNoted() throws {
        let admin = try key("admin", nil, .admin)
        #expect(bench.ask("DELETE", "/v1/endpoints/nobody", key: admin).status == 404)
        #expect(bench.ask("PUT", "/v1/topology?dry_run=true", key: admin, body: #"{"nodes":[],"endpoints":[]}"#).status == 200)
        #expect(bench.ask("POST", "/v1/replays", key: admin, body: #"{"dry_run":true}"#).status == 200)
        #expect(bench.ask("POST", "/v1/recipients", key: admin, body: #"{"type":"A","node":"c1"}"#).status == 200)
        #expect(try changes(admin).isEmpty)
        let body = #"{"rights":["read"],"node":"c1"}"#
        for _ in 0..<2 { _ = bench.ask("POST", "/v1/replays", key: admin, body: "{}", headers: [("Idempotency-Key", "a")]) }
        #expect(bench.ask("POST", "/v1/keys", key: admin, body: body).status == 201)
        let seen = try changes(admin)
        #expect(seen.count == 2 && seen[0].hasPrefix("admin: key create ") && seen[0].hasSuffix(" at c1"))
        #expect(seen[1] == "admin: replay create 1 at null")
    }

    @Test func aVisitorAndAProgramWithoutAKeyAreNamedAsWhatTheyAre() throws {
        #expect(bench.ask("POST", "/v1/endpoints/mine/disable", body: #"{"reason":"r"}"#).status == 200)
        let visitor = try bench.visitor("c1", [.read, .endpoints])
        #expect(bench.ask("POST", "/v1/endpoints/mine/enable", headers: visitor.headers).status == 200)
        bench.outbox.noteCommand("endpoint disable", subject: "mine")
        let seen = bench.ask("GET", "/v1/changes", headers: visitor.headers)
        _ = try bench.outbox.counters()
        let all = bench.ask("GET", "/v1/changes", headers: visitor.headers)
        #expect(seen.status == 200 && all.data.map { $0["by"]?.string } == ["command line", "portal session", "no key"])
        #expect(all.data[1]["by_id"]?.string == visitor.id && all.data[0]["node"]?.string == "c1")
    }

    @Test func partsOfTheListFollowEachOther() throws {
        let admin = try key("admin", nil, .admin)
        for number in 0..<7 {
            bench.outbox.note("n\(number)", subject: nil, node: number.isMultiple(of: 2) ? "c1" : "c2", by: .commandLine)
        }
        _ = try bench.outbox.counters()
        func part(_ query: String, _ key: String) -> (actions: String, next: String?, previous: String?) {
            let answer = bench.ask("GET", "/v1/changes?\(query)", key: key)
            return (answer.all("action").joined(), answer.json["next_cursor"]?.string, answer.json["previous_cursor"]?.string)
        }
        let first = part("limit=3", admin)
        let second = part("limit=3&cursor=\(first.next ?? "")", admin)
        #expect(first.actions == "n6n5n4" && second.actions == "n3n2n1")
        #expect(part("limit=3&cursor=\(second.previous ?? "")", admin).actions == "n6n5n4")
        let own = try bench.key("c1", .read)
        let half = part("limit=2", own)
        #expect(half.actions == "n6n4" && part("limit=9&cursor=\(half.next ?? "")", own).actions == "n2n0")
    }
}
