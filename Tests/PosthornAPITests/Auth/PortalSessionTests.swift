import Glibc
import PosthornHTTP
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import Posthorn
@testable import PosthornAPI

/// Portal sessions: made by keys, opened once, cut to a tree, and of no use to pages of other sites.
@Suite(.limited()) struct PortalSessionTests {
    private let bench: APIBench

    init() throws { bench = try APIBench() }

    private func make(_ key: String, _ body: String) -> Answer { bench.ask("POST", "/v1/portal-sessions", key: key, body: body) }

    /// The path of a link.
    private func path(_ answer: Answer) throws -> String {
        let url = try #require(answer.json["url"]?.string)
        #expect(url.hasPrefix("http://localhost/portal/phc_"))
        return String(url.dropFirst("http://localhost".count))
    }

    private static let body = #"{"node":"c1","rights":["read","retry","endpoints"]}"#

    @Test func aLinkIsExchangedOnceForACookieOfTheTree() throws {
        let key = try bench.key("d1", .keys, .read, .retry, .endpoints)
        let made = make(key, Self.body)
        #expect(made.status == 201 && made.headers["Cache-Control"] == "no-store" && made.json["state"]?.string == "unopened")
        #expect(made.json["expires"] == .string("\(bench.clock.now().advanced(byMilliseconds: 3_600_000))"))
        let visitor = try bench.open(try path(made))
        let form = /posthorn=phs_[0-9a-f]{12}_[A-Za-z0-9_\-]{43}; Max-Age=90000; Path=\/; HttpOnly; SameSite=Strict/
        #expect(visitor.field.wholeMatch(of: form) != nil)
        let whoami = bench.ask("GET", "/v1/whoami", headers: visitor.headers)
        #expect(whoami.json["node"]?.string == "c1" && whoami.json["key"]?.string == made.json["id"]?.string)
        #expect(bench.ask("GET", "/v1/nodes", headers: visitor.headers).all("id") == ["c1", "s1"])
        #expect(bench.ask("GET", "/v1/endpoints/far", headers: visitor.headers).status == 404)
        #expect(bench.ask("GET", "/v1/keys", headers: visitor.headers).problem == "forbidden")
        let listed = bench.ask("GET", "/v1/portal-sessions", key: key)
        #expect(listed.all("state") == ["open"] && !listed.text.contains("ph"))
    }

    @Test func aLinkThatWasUsedIsTooOldOrWasNeverMadeLeadsToOnePage() throws {
        let key = try bench.key(nil, .admin)
        let used = try path(make(key, Self.body))
        _ = try bench.open(used)
        let old = try path(make(key, Self.body))
        bench.clock.advance(by: PortalSession.linkMilliseconds)
        let other = try path(make(key, Self.body))
        let revoked = make(key, Self.body)
        #expect(bench.ask("DELETE", "/v1/portal-sessions/\(try #require(revoked.json["id"]?.string))", key: key).status == 204)
        let guessed = String(other.dropLast(1)) + (other.hasSuffix("A") ? "B" : "A")
        let unknown = "/portal/phc_0123456789ab_\(String(repeating: "0", count: 43))"
        for target in [used, old, guessed, try path(revoked), "/portal/nonsense", unknown] {
            let answer = bench.ask("GET", target)
            #expect(answer.status == 303 && answer.headers["Location"] == "/portal-link", "\(target)")
            #expect(answer.headers["Set-Cookie"] == nil && answer.text.isEmpty)
        }
        #expect(bench.ask("GET", "/portal-link", headers: [("Accept", "text/html")]).status == 200)
    }

    /// Mail programs and browsers look at links before people do.
    @Test func whatOnlyLooksAtALinkDoesNotUseItUp() throws {
        let link = try path(make(try bench.key(nil, .admin), Self.body))
        for looked in [bench.ask("HEAD", link), bench.ask("GET", link, headers: [("Sec-Purpose", "prefetch;prerender")])] {
            #expect(looked.status == 303 && looked.headers["Set-Cookie"] == nil)
        }
        _ = try bench.open(link)
    }

    @Test func changesNeedTheSessionsOwnToken() throws {
        let visitor = try bench.visitor("c1", [.read, .endpoints])
        let other = try bench.visitor("c1", [.read, .endpoints])
        func disable(_ headers: [(String, String)]) -> Answer {
            bench.ask("POST", "/v1/endpoints/mine/disable", body: #"{"reason":"r"}"#, headers: headers)
        }
        #expect(disable([visitor.cookie]).problem == "forbidden")
        #expect(disable([visitor.cookie, ("X-CSRF-Token", "")]).problem == "forbidden")
        #expect(disable([visitor.cookie, ("X-CSRF-Token", other.token)]).problem == "session-ended")
        #expect(disable([visitor.cookie, ("X-CSRF-Token", visitor.token), ("X-CSRF-Token", visitor.token)]).problem == "forbidden")
        #expect(try bench.outbox.scoped(to: nil).endpoint("mine").endpoint.state == .active)
        #expect(disable(visitor.headers).status == 200)
        #expect(!visitor.cookie.1.contains(visitor.token))
    }

    /// A browser has one session. A page of one that another link has replaced sends that one's cookie with its own token.
    @Test func aPageOfASessionThatWasReplacedReadsNothingOfTheOther() throws {
        let (first, second) = (try bench.visitor("c1", [.read, .retry]), try bench.visitor("c2", [.read]))
        func read(_ path: String, _ token: String) -> Answer {
            bench.ask("GET", path, headers: [second.cookie, ("X-CSRF-Token", token), ("Sec-Fetch-Site", "same-origin")])
        }
        let refused = read("/v1/nodes", first.token)
        #expect(refused.status == 401 && refused.problem == "session-ended" && !refused.text.contains("c2"))
        #expect(refused.json["detail"]?.string == "this browser has opened another portal session since")
        #expect(read("/v1/nodes", second.token).all("id") == ["c2", "s2"])
        // Also where the other one has no right to it.
        let retry = bench.ask("POST", "/v1/replays", body: "{}", headers: [second.cookie, ("X-CSRF-Token", first.token)])
        #expect(retry.problem == "session-ended")
    }

    /// Browsers say what asked for it, also where the operator embeds the pages and cookies go along with requests of other sites.
    @Test func aPageOfAnotherSiteGetsNothingWithTheCookie() throws {
        let visitor = try bench.visitor("c1", [.read])
        for site in ["cross-site", "same-site"] {
            let answer = bench.ask("GET", "/v1/nodes", headers: [visitor.cookie, ("Sec-Fetch-Site", site)])
            #expect(answer.problem == "no-key", "\(site)")
        }
        #expect(bench.ask("GET", "/v1/nodes", headers: [visitor.cookie, ("Sec-Fetch-Site", "same-origin")]).status == 200)
    }

    @Test func aSessionIsNothingOnceItExpiresIsRevokedOrItsMakerIs() throws {
        let key = try bench.key("c1", .keys, .read)
        func visitor() throws -> APIBench.Visitor { try bench.open(try path(make(key, #"{"rights":["read"],"expires_in":60}"#))) }
        func status(_ visitor: APIBench.Visitor) -> String? { bench.ask("GET", "/v1/nodes", headers: visitor.headers).problem }
        let (expiring, revoked, orphan) = (try visitor(), try visitor(), try visitor())
        #expect(bench.ask("DELETE", "/v1/portal-sessions/\(revoked.id)", key: key).status == 204)
        #expect(status(revoked) == "session-ended" && status(expiring) == nil)
        bench.clock.advance(by: 59_999)
        #expect(status(expiring) == nil && status(orphan) == nil)
        bench.clock.advance(by: 1)
        #expect(status(expiring) == "session-ended")
        let last = try visitor()
        #expect(status(last) == nil && bench.api.book.isStillGood(last.id, at: bench.clock.now()))
        try bench.outbox.revokeAccessKey(try bench.outbox.accessKeys()[0].id)
        try bench.api.book.refresh()
        #expect(status(last) == "session-ended" && !bench.api.book.isStillGood(last.id, at: bench.clock.now()))
    }

    /// A session of which an attacker knows the cookie beforehand would be theirs too.
    @Test func whatABrowserHadBeforeIsNoSession() throws {
        let planted = "phs_0123456789ab_\(String(repeating: "0", count: 43))"
        let link = try path(make(try bench.key(nil, .admin), Self.body))
        let answer = bench.ask("GET", link, headers: [("Cookie", "posthorn=\(planted)")])
        #expect(answer.headers["Set-Cookie"]?.contains(planted) == false)
        #expect(bench.ask("GET", "/v1/nodes", headers: [("Cookie", "posthorn=\(planted)")]).problem == "session-ended")
        let visitor = try bench.visitor("c1", [.read])
        // A neighbouring site can add a cookie of the same name, and not take the first one away.
        let twice = ("Cookie", "posthorn=\(planted); \(visitor.cookie.1)")
        #expect(bench.ask("GET", "/v1/nodes", headers: [twice]).problem == "session-ended")
        // The code of a link is no cookie, and a key none either.
        let code = try bench.outbox.makePortalSession(node: "c1", rights: [.read], lifetimeMilliseconds: 60_000).code.text
        try bench.api.book.refresh()
        #expect(bench.ask("GET", "/v1/nodes", headers: [("Cookie", "posthorn=\(code)")]).status == 401)
        #expect(bench.ask("GET", "/v1/nodes", key: String(visitor.cookie.1.dropFirst("posthorn=".count))).status == 401)
    }

    @Test func overTLSTheCookieIsOfThisHostAlone() throws {
        var options = API.Options()
        options.basePath = "/hooks"
        let bench = try APIBench(options)
        let code = try bench.outbox.makePortalSession(node: "c1", rights: [.read], lifetimeMilliseconds: 3_600_000).code.text
        let field = try #require(bench.ask("GET", "/hooks/portal/\(code)", isSecure: true).headers["Set-Cookie"])
        #expect(field.hasPrefix("__Host-posthorn.hooks=phs_") && field.hasSuffix("; Path=/; HttpOnly; Secure; SameSite=Strict"))
        let pair = ("Cookie", String(field.prefix { $0 != ";" }))
        #expect(bench.ask("GET", "/hooks/v1/nodes", headers: [pair], isSecure: true).status == 200)
        // The same value under the name that any site of the domain could set.
        let plain = ("Cookie", String(pair.1.dropFirst("__Host-".count)))
        #expect(bench.ask("GET", "/hooks/v1/nodes", headers: [plain, ("Sec-Fetch-Site", "none")], isSecure: true).status == 401)
    }

    @Test func onlySitesThatAreNamedMayShowThePagesInAFrame() throws {
        #expect(bench.ask("GET", "/").headers["Content-Security-Policy"]?.contains("frame-ancestors 'none'") == true)
        var options = API.Options()
        options.frameAncestors = ["https://app.example.com"]
        options.publicOrigin = "https://hooks.example.com"
        let embedded = try APIBench(options)
        #expect(embedded.ask("GET", "/").headers["Content-Security-Policy"]?.contains("frame-ancestors https://app.example.com;") == true)
        let key = try embedded.key("c1", .keys, .read)
        let made = embedded.ask("POST", "/v1/portal-sessions", key: key, body: #"{"rights":["read"]}"#)
        let url = try #require(made.json["url"]?.string)
        #expect(url.hasPrefix("https://hooks.example.com/portal/phc_"))
        let field = embedded.ask("GET", String(url.dropFirst("https://hooks.example.com".count))).headers["Set-Cookie"]
        #expect(field?.hasSuffix("; Secure; SameSite=None; Partitioned") == true)
    }

    @Test func whatAKeyMaySayBoundsItsSessions() throws {
        let key = try bench.key("d1", .keys, .read, lifetimeMilliseconds: 120_000)
        #expect(make(key, #"{"rights":["emit"]}"#).problem == "forbidden")
        #expect(make(key, #"{"rights":["keys"]}"#).faults == ["/rights"])
        #expect(make(key, #"{"rights":[]}"#).faults == ["/rights"])
        #expect(make(key, #"{"rights":["fly"]}"#).faults == ["/rights/0"])
        #expect(make(key, #"{"rights":["read"],"expires_in":59}"#).faults == ["/expires_in"])
        #expect(make(key, #"{"rights":["read"],"expires_in":604801}"#).faults == ["/expires_in"])
        #expect(make(key, #"{"rights":["read"],"expires_in":121}"#).problem == "forbidden")
        #expect(make(key, #"{"rights":["read"],"node":"c2"}"#).problem == "not-found")
        let own = make(key, #"{"rights":["read"]}"#)
        #expect(own.json["node"]?.string == "d1")
        #expect(own.json["expires"] == .string("\(bench.clock.now().advanced(byMilliseconds: 120_000))"))
        #expect(make(try bench.key(nil, .admin), #"{"rights":["read"]}"#).faults == ["/node"])
        #expect(bench.ask("POST", "/v1/portal-sessions", key: try bench.key("c1", .read), body: Self.body).problem == "forbidden")
    }

    @Test func aSessionEndsItselfAndNoOther() throws {
        let (visitor, other) = (try bench.visitor("c1", [.read]), try bench.visitor("c1", [.read]))
        #expect(bench.ask("DELETE", "/v1/portal-sessions/\(other.id)", headers: visitor.headers).problem == "forbidden")
        let left = bench.ask("DELETE", "/v1/portal-sessions/\(visitor.id)", headers: visitor.headers)
        #expect(left.status == 204 && left.headers["Set-Cookie"]?.hasPrefix("posthorn=; Max-Age=0;") == true)
        #expect(bench.ask("GET", "/v1/nodes", headers: visitor.headers).problem == "session-ended")
        #expect(bench.ask("GET", "/v1/nodes", headers: other.headers).status == 200)
    }

    @Test func nothingThatOpensASessionIsStored() throws {
        let made = try bench.outbox.makePortalSession(node: "c1", rights: [.read], lifetimeMilliseconds: 60_000)
        let visitor = try bench.open("/portal/\(made.code.text)")
        let secrets = [made.code.text, visitor.cookie.1].map { String($0.suffix(43)) }
        for file in ["outbox.db", "outbox.db-wal"].map({ bench.directory.file($0) }) {
            let contents = AccessKeyTests.contents(file)
            for secret in secrets + [visitor.token] { #expect(!contents.contains(secret), "\(file)") }
        }
        #expect("\(made.code)" == "phc_\(made.session.id)_***")
    }

    @Test func sessionsOfANodeAreBounded() throws {
        func make() throws { _ = try bench.outbox.makePortalSession(node: "c1", rights: [.read], lifetimeMilliseconds: 60_000) }
        for _ in 0..<PortalSession.limitEach { try make() }
        let problem = #expect(throws: InputProblem.self) { try make() }
        #expect(problem?.code == .notAllowedNow)
        bench.clock.advance(by: 60_000)
        try make()
        #expect(try bench.outbox.portalSessions().count == PortalSession.limitEach + 1)
        bench.clock.advance(by: PortalSession.keptMilliseconds + 60_001)
        try make()
        #expect(try bench.outbox.portalSessions().count == 1)
    }
}
