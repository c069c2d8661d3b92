import Glibc
import PosthornTestSupport
import Testing

/// Examples/api: the same work in four languages, against a running server.
@Suite(.limited()) struct APIClientTests {
    private static let folder = Command.top + "/Examples/api"

    /// A client's name in what it prints, and the words that start it.
    private static let clients: [(name: String, needs: [String], words: [String])] = [
        ("sh", ["curl", "jq"], ["\(folder)/client.sh"]), ("py", ["python3"], ["python3", "\(folder)/client.py"]),
        ("js", ["node"], ["node", "\(folder)/client.js"]), ("go", ["go"], ["go", "run", "\(folder)/client.go"]),
    ]

    private func work(_ client: String) throws {
        let (name, _, words) = try #require(Self.clients.first { $0.name == client })
        let receiver = try MisbehavingReceiver { _ in .ok }
        let server = try LiveServer(topology: LiveServer.topology(receiver.url), keys: [["--node", "c1", "--can", "emit,read,endpoints"]])
        let key = server.keys[0]
        let home = server.folder.path
        let environment = ["API_KEY=\(key)", "GOCACHE=\(home)/go", "GOPATH=\(home)/gopath"]
        let result = try Command.run(["env"] + environment + words + [server.url, "c1", receiver.url])
        #expect(result.status == 0, "\(result.output)")
        let lines = result.output.split(separator: "\n").map { String($0) }
        #expect(
            lines == [
                "made endpoint example-\(name)", "accepted from-\(name)", "accepted from-\(name), which was there already",
                "refused from-\(name) with other content", "delivery to example-\(name)", "delivery to crm",
                "changed endpoint example-\(name)", "refused a change of what has changed since", "removed endpoint example-\(name)",
            ]
        )
        #expect(receiver.waitForRequests(1).first.map { String(decoding: $0.body, as: UTF8.self).contains("from-\(name)") } ?? false)
        // A key that sees another node is told what is wrong, in one line.
        let refused = try Command.run(["env"] + environment + words + [server.url, "c9", receiver.url])
        #expect(refused.status != 0 && refused.output.contains("c9") && !refused.output.contains(key), "\(refused.output)")
        #expect(server.program.stop() == 0)
    }

    @Test(.enabled(if: Command.exists("curl") && Command.exists("jq"), "curl or jq is not installed"))
    func curl() throws { try work("sh") }

    @Test(.enabled(if: Command.exists("python3"), "python3 is not installed"))
    func python() throws { try work("py") }

    @Test(.enabled(if: Command.exists("node"), "node is not installed (Debian: nodejs)"))
    func node() throws { try work("js") }

    @Test(.enabled(if: Command.exists("go"), "go is not installed (Debian: golang-go, half a gigabyte, so no build server has to)"))
    func go() throws { try work("go") }

    @Test(arguments: clients.filter { $0.needs.allSatisfy(Command.exists) }.map(\.name))
    func aClientExplainsItself(name: String) throws {
        let client = try #require(Self.clients.first { $0.name == name })
        let help = try Command.run(client.words + ["--help"])
        #expect(help.status == 0 && help.output.contains("API_KEY"), "\(help.output)")
    }
}
