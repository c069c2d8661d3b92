import Glibc
import PosthornHTTP
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import Posthorn
@testable import PosthornAPI

/// Keys: made, shown once, listed, revoked; by keys too.
@Suite(.limited()) struct AccessKeyTests {
    private let bench: APIBench

    init() throws { bench = try APIBench() }

    @Test func aKeysTextHasItsFormAndNothingOfItIsStored() throws {
        let text = try bench.key("c1", .read)
        let token = try #require(AccessToken(text))
        #expect(text.wholeMatch(of: /phk_[0-9a-f]{12}_[A-Za-z0-9_\-]{43}/) != nil)
        let secret = text.split(separator: "_", maxSplits: 2)[2]
        let files = ["outbox.db", "outbox.db-wal"].map { bench.directory.file($0) }
        for file in files { #expect(!Self.contents(file).contains(secret), "\(file)") }
        #expect("\(token)" == "phk_\(token.id)_***")
        #expect(bench.outbox.path.hasSuffix("outbox.db"))
    }

    static func contents(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { all += chunk[..<count] }
        return String(decoding: all, as: UTF8.self)
    }

    @Test(arguments: [
        "", "phk_", "phk_0123456789ab_short", "phk_0123456789AB_0000000000000000000000000000000000000000000",
        "phx_0123456789ab_0000000000000000000000000000000000000000000", "phk_0123456789ab-0000000000000000000000000000000000000000000",
        "phk_0123456789ab_000000000000000000000000000000000000000000 ", "phk_0123456789ab_00000000000000000000000000000000000000000000",
    ])
    func aTextWithoutTheFormOfAKeyIsRefused(_ text: String) {
        #expect(AccessToken(text) == nil)
    }

    @Test func aKeyMakesKeysOfItsTreeWithNoMoreRightsThanItsOwn() throws {
        let key = try bench.key("d1", .read, .keys)
        let made = bench.ask("POST", "/v1/keys", key: key, body: #"{"node":"c1","rights":["read_metadata"],"expires_in":60,"name":"n"}"#)
        #expect(made.status == 201 && made.headers["Cache-Control"] == "no-store")
        let text = try #require(made.json["key"]?.string)
        #expect(bench.ask("GET", "/v1/nodes", key: text).all("id") == ["c1", "s1"])
        let beyond = bench.ask("POST", "/v1/keys", key: key, body: #"{"rights":["emit"]}"#)
        #expect(beyond.status == 403 && beyond.json["detail"]?.string.contains("emit") == true)
        #expect(bench.ask("POST", "/v1/keys", key: key, body: #"{"node":"c2","rights":["read"]}"#).problem == "not-found")
        #expect(bench.ask("POST", "/v1/keys", key: key, body: #"{"node":"r1","rights":["read"]}"#).problem == "not-found")
        #expect(bench.ask("POST", "/v1/keys", key: key, body: #"{"rights":["fly","swim"]}"#).faults == ["/rights/0", "/rights/1"])
        #expect(bench.ask("POST", "/v1/keys", key: key, body: #"{"rights":[]}"#).faults == ["/rights"])
        let own = bench.ask("POST", "/v1/keys", key: key, body: #"{"rights":["read"]}"#)
        #expect(own.json["node"]?.string == "d1")
    }

    @Test func aKeyWithFurtherRightsIsNotRevokedByOneWithFewer() throws {
        let key = try bench.key(nil, .keys)
        _ = try bench.key(nil, .admin)
        let admin = try #require(try bench.outbox.accessKeys().first { $0.rights == [.admin] })
        #expect(bench.ask("DELETE", "/v1/keys/\(admin.id)", key: key).status == 403)
        #expect(try bench.outbox.accessKeys().first { $0.id == admin.id }?.revoked == nil)
    }

    @Test func keysOfOthersAreNeitherListedNorRevoked() throws {
        let key = try bench.key("c1", .keys)
        _ = try bench.key("c2", .read)
        _ = try bench.key(nil, .read)
        let all = try bench.outbox.accessKeys()
        #expect(bench.ask("GET", "/v1/keys", key: key).all("id") == [all[0].id])
        let foreign = bench.ask("DELETE", "/v1/keys/\(all[1].id)", key: key)
        let unknown = bench.ask("DELETE", "/v1/keys/0123456789ab", key: key)
        #expect(foreign.status == 404)
        #expect(foreign.text.replacing(all[1].id, with: "0123456789ab") == unknown.text)
        #expect(try bench.outbox.accessKeys()[1].revoked == nil)
        #expect(bench.ask("DELETE", "/v1/keys/\(all[0].id)", key: key).status == 204)
        #expect(bench.ask("GET", "/v1/keys", key: key).status == 401)
    }

    @Test func keysEndWithTheKeyThatMadeThem() throws {
        let key = try bench.key("c1", .read, .keys, lifetimeMilliseconds: 3_600_000)
        let end = "\(bench.clock.now().advanced(byMilliseconds: 3_600_000))"
        let made = bench.ask("POST", "/v1/keys", key: key, body: #"{"rights":["read"]}"#)
        #expect(made.json["expires"] == .string(end) && made.json["made_by"] == .string(String(key.split(separator: "_")[1])))
        let shorter = bench.ask("POST", "/v1/keys", key: key, body: #"{"rights":["read"],"expires_in":3600}"#)
        #expect(shorter.json["expires"] == .string(end))
        let longer = bench.ask("POST", "/v1/keys", key: key, body: #"{"rights":["read"],"expires_in":3601}"#)
        #expect(longer.status == 403 && longer.json["detail"]?.string.contains("3600 seconds") == true)
        let lasting = try bench.key("c1", .read, .keys)
        #expect(bench.ask("POST", "/v1/keys", key: lasting, body: #"{"rights":["read"]}"#).json["expires"] == .null)
    }

    @Test func keysThatKeysMakeAreBoundedAndUselessOnesAreForgotten() throws {
        let key = try bench.key("c1", .keys)
        func make() -> Answer { bench.ask("POST", "/v1/keys", key: key, body: #"{"rights":["keys"]}"#) }
        var made: [String] = []
        for _ in 0..<AccessKey.validLimitEach { made.append(make().json["id"]?.string ?? "") }
        #expect(make().faults == ["/node"])
        for id in made { #expect(bench.ask("DELETE", "/v1/keys/\(id)", key: key).status == 204) }
        for _ in 0..<3 { #expect(make().status == 201) }
        let all = try bench.outbox.accessKeys()
        #expect(all.count == 1 + AccessKey.keptLimitEach + 3 - 1 && !all.contains { $0.id == made[0] })
        // Those of the command line count for nothing.
        for _ in 0..<3 { _ = try bench.outbox.makeAccessKey(node: "c1", rights: [.read]) }
    }

    @Test func aTenantHasOneShareHoweverManyKeysItMakes() throws {
        func key(_ id: String, _ node: String?, maker: String? = nil) -> (String, StoredAccessKey) {
            let key = AccessKey(id: id, node: node, rights: [.read], created: Timestamp(milliseconds: 0), maker: maker)
            return (id, StoredAccessKey(key, digest: ""))
        }
        let keys = Dictionary(uniqueKeysWithValues: [
            key("root", nil), key("tenant", "c1", maker: "root"), key("second", "c1"), key("site", "s1", maker: "tenant"),
            key("below", "s1", maker: "site"), key("other", "c2", maker: "root"), key("round", "s2", maker: "about"),
            key("about", "s2", maker: "round"), key("orphan", "s1", maker: "gone"),
        ])
        func share(_ id: String) -> String { AccessBook.share(of: id, keys) }
        #expect(Set(["tenant", "second", "site", "below"].map(share)) == ["node c1"])
        #expect(share("other") == "node c2" && share("root") == "root" && share("orphan") == "node s1")
        #expect(share("round") == "node s2" && share("unknown") == "unknown")
    }

    @Test func theLastUseIsWrittenDownToTheHour() throws {
        let key = try bench.key(nil, .read)
        _ = bench.ask("GET", "/v1/nodes", key: key)
        bench.clock.advance(by: 3_599_999)
        _ = bench.ask("GET", "/v1/nodes", key: key)
        // A call that waits for the writer comes behind what was handed to it before.
        _ = try bench.outbox.counters()
        #expect(try bench.outbox.accessKeys()[0].lastUsed == Timestamp(milliseconds: bench.clock.now().milliseconds - 3_599_999))
        bench.clock.advance(by: 1)
        _ = bench.ask("GET", "/v1/nodes", key: key)
        _ = try bench.outbox.counters()
        #expect(try bench.outbox.accessKeys()[0].lastUsed == bench.clock.now())
    }

    @Test func rightsOfTheWholeOutboxGoWithNoNode() throws {
        #expect(throws: InputProblem.self) { try bench.outbox.makeAccessKey(node: "c1", rights: [.admin]) }
        #expect(throws: InputProblem.self) { try bench.outbox.makeAccessKey(node: "nowhere", rights: [.read]) }
        #expect(throws: InputProblem.self) { try bench.outbox.makeAccessKey(name: "a\nb", rights: [.read]) }
        #expect(AccessKey(id: "a", rights: [.admin], created: Timestamp(milliseconds: 0)).allRights == Set(AccessRight.allCases))
    }
}
