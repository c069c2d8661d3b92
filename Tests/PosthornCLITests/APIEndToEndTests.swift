import CPosthornTestSockets
import Glibc
import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

/// `posthorn run --listen`, `posthorn key` and `posthorn explain` with the real program.
@Suite(.limited()) struct APIEndToEndTests {
    private let posthorn: PosthornProcess
    private var socket: String { posthorn.directory.file("api.sock") }

    init() throws { posthorn = try PosthornProcess() }

    private func apply(_ url: String) throws {
        let applied = try posthorn.run("apply", posthorn.write(SampleTopology.json(url: url), to: "topology.json"))
        try #require(applied.status == 0, "\(applied.errors)")
    }

    /// One request over a connection of its own.
    private func ask(_ method: String, _ target: String, key: String? = nil, body: String = "") throws -> String {
        let client = try TestClient(path: socket)
        let authorization = key.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        let length = body.isEmpty ? "" : "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
        client.send("\(method) \(target) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\(authorization)\(length)\r\n\(body)")
        return client.readToEnd()
    }

    @Test func eventsThatComeOverHTTPAreDeliveredAndKeysWorkWhileItRuns() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        try apply(receiver.url)
        let (running, log) = try posthorn.startLogging(
            "run",
            "--listen",
            "unix:\(socket)",
            "--base-path",
            "/hooks",
            "--allow",
            "127.0.0.0/8",
            "--log",
            "json",
            "--metrics-endpoints",
            "crm,nobody",
            "--public-url",
            "https://hooks.example.com/"
        )
        #expect(log.wait(for: "metrics_endpoints_unknown") && log.wait(for: #""endpoints":"nobody""#))
        #expect(log.wait(for: "there is no key yet") && log.wait(for: "api_listening"))
        #expect(try ask("POST", "/hooks/v1/events", body: SampleTopology.event("e1")).hasPrefix("HTTP/1.1 202 "))
        while try !ask("GET", "/hooks/v1/events/e1").contains(#""state":"delivered""#) {}
        #expect(receiver.requests.count == 1)

        let key = try #require(try posthorn.run("key", "create", "--node", "c1", "--can", "read", "--expires", "90d").lines.first)
        // Within a second of the command's end.
        while try !ask("GET", "/hooks/v1/nodes").hasPrefix("HTTP/1.1 401 ") {}
        #expect(try ask("GET", "/hooks/v1/nodes", key: key).contains(#"{"data":[{"id":"c1""#))
        #expect(try ask("POST", "/hooks/v1/events", key: key, body: SampleTopology.event("e2")).hasPrefix("HTTP/1.1 403 "))
        let listed = try JSONValue.parse(Array(try posthorn.run("key", "list", "--json").output.utf8))
        #expect(listed["node"] == .string("c1") && listed["state"] == .string("valid") && listed["rights"]?.text == #"["read"]"#)
        let id = try #require(listed["id"]?.text.filter { $0 != "\"" })
        #expect(key.contains(id) && log.wait(for: #""key":"\#(id)""#))
        #expect(try posthorn.run("key", "revoke", id).output == "revoked key \(id)\n")
        while try !ask("GET", "/hooks/v1/nodes", key: key).hasPrefix("HTTP/1.1 401 ") {}
        let admin = try adminKey()
        let session = try ask("POST", "/hooks/v1/portal-sessions", key: admin, body: #"{"node":"c1","rights":["read"]}"#)
        let path = try #require(session.firstMatch(of: /"url":"https:\/\/hooks\.example\.com([^"]+)"/)?.1)
        #expect(path.hasPrefix("/hooks/portal/phc_"))
        let opened = try ask("GET", String(path))
        #expect(opened.contains("\r\nLocation: /hooks/\r\n") && opened.contains("\r\nSet-Cookie: __Host-posthorn.hooks=phs_"))
        #expect(log.wait(for: #""route":"/portal/{code}""#))
        let disable = try posthorn.run("endpoint", "disable", "crm", "--reason", "r")
        #expect(disable.status == 0)
        let changes = try ask("GET", "/hooks/v1/changes", key: admin)
        #expect(
            changes.contains(#""by":"command line","by_id":null,"by_name":null,"action":"endpoint disable","subject":"crm","node":"c1"}"#)
        )
        #expect(changes.contains(#""action":"key revoke","subject":"\#(id)""#) && changes.contains(#""action":"portal-session create""#))
        running.send(SIGTERM)
        #expect(running.wait() == 0)
        #expect(access(socket, F_OK) != 0)
    }

    /// A key of the whole outbox, once the API knows it.
    private func adminKey() throws -> String {
        let key = try #require(try posthorn.run("key", "create", "--can", "admin").lines.first)
        while try ask("GET", "/hooks/v1/whoami", key: key).hasPrefix("HTTP/1.1 401 ") {}
        return key
    }

    @Test func withoutAKeyStrangersAreNotListenedFor() throws {
        try apply("http://127.0.0.1:1/hook")
        let refused = try posthorn.run("run", "--until-settled", "--listen", "0.0.0.0:0")
        #expect(refused.status == 1 && refused.errors.contains("posthorn key create"))
    }

    @Test func flagsThatMakeNoSenseAreNamed() throws {
        func problem(_ words: String...) throws -> String {
            let result = try posthorn.run(words)
            return result.status == 2 ? result.errors : ""
        }
        #expect(try problem("run", "--base-path", "/a").contains("--base-path goes with --listen"))
        #expect(try problem("run", "--listen", "8080").contains("write HOST:PORT"))
        #expect(try problem("run", "--listen", "unix:x", "--base-path", "a").contains("--base-path"))
        #expect(try problem("run", "--public-url", "https://a.example").contains("--public-url goes with --listen"))
        for site in ["app.example.com", "https://app.example.com/path", "https://a b", "https://a;script-src *", "ftp://a"] {
            #expect(try problem("run", "--listen", "unix:x", "--portal-frame-ancestors", site).contains("is no site"), "\(site)")
        }
        #expect(try problem("key", "create").contains("--can is missing"))
        #expect(try problem("key", "create", "--can", "red").contains("read"))
    }

    @Test func keysOfNodesThatThereAreNotAreRefused() throws {
        try apply("http://127.0.0.1:1/hook")
        #expect(try posthorn.run("key", "create", "--node", "c9", "--can", "read").errors.contains("posthorn node list"))
        #expect(try posthorn.run("key", "create", "--node", "c1", "--can", "admin").status == 1)
        #expect(try posthorn.run("key", "revoke", "0123456789ab").errors.contains("posthorn key list"))
    }

    @Test func explainSaysWhyAnEndpointGetsAnEvent() throws {
        try apply("http://127.0.0.1:1/hook")
        try #require(try posthorn.run("emit", input: SampleTopology.event("e1")).status == 0)
        #expect(try posthorn.run("explain", "e1").output == "crm (c1): gets it; no attempt was made yet\n")
        let line = try JSONValue.parse(Array(try posthorn.run("explain", "e1", "crm", "--json").output.utf8))
        #expect(line["verdict"] == .string("sent") && line["delivery"] == .number("1"))
        #expect(try posthorn.run("explain", "e2").errors.contains("\"e2\" is not known"))
        #expect(try posthorn.run("explain", "e1", "erp").errors.contains("\"erp\" is not at node s1"))
    }
}
