import Glibc
import PosthornTestSupport
import PosthornText
import Testing

/// `posthorn run --check`, and a run on an outbox that is not there.
@Suite(.limited()) struct RunCheckTests {
    private let posthorn: PosthornProcess

    init() throws { posthorn = try PosthornProcess() }

    private func apply(_ endpoints: String, _ flags: [String] = []) throws {
        let topology = #"{"nodes": [{"id": "s", "level": "site"}], "endpoints": [\#(endpoints)]}"#
        let result = try posthorn.run(["apply", posthorn.write(topology, to: "topology.json")] + flags)
        #expect(result.status == 0, "\(result.errors)")
    }

    private func check(_ flags: String...) throws -> PosthornProcess.Result { try posthorn.run(["run", "--check"] + flags) }

    @Test func aMissingOutboxIsMadeWhereThatIsAskedForAlone() throws {
        let refused = try check()
        #expect(refused.status == 1 && refused.output.contains("problem  file          \(posthorn.database) does not exist yet"))
        let wanted = try check("--create")
        #expect(wanted.output.contains("does not exist yet, and --create makes it"))
        #expect(access(posthorn.database, F_OK) != 0)
        let run = try posthorn.run("run")
        #expect(run.status == 1 && run.errors.contains("or make it with posthorn apply or --create"))
        #expect(access(posthorn.database, F_OK) != 0)
        #expect(try posthorn.run("run", "--create", "--until-settled").status == 0)
        #expect(access(posthorn.database, F_OK) == 0)
    }

    @Test func passedChecksAreReportedAndNothingIsChanged() throws {
        try apply(#"{"id": "e", "node": "s", "url": "https://hooks.example/", "vendor": "weseedo"}"#)
        let before = posthorn.contents(posthorn.database)
        let result = try check()
        for line in ["ok       settings", "ok       file", "ok       topology      1 node, 1 endpoint"] {
            #expect(result.output.contains(line), "\(result.output)")
        }
        #expect(posthorn.contents(posthorn.database) == before && access(posthorn.database + "-engine", F_OK) != 0)
        let json = try check("--json").lines.map { try JSONValue.parse(Array($0.utf8)) }
        #expect(json.allSatisfy { $0["severity"] != nil && $0["check"] != nil && $0["message"] != nil } && json.count > 4)
    }

    @Test func eachThingThatIsWrongHasALine() throws {
        let key = posthorn.write(String(repeating: "ab", count: 32), to: "key")
        let sealed =
            #"{"id": "e", "node": "s", "url": "http://127.0.0.1:1/", "vendor": "diio", "credentials": {"signing_secret": "a-secret"}}"#
        try apply(sealed, ["--key-file", key])
        let result = try check("--ca-file", "/nonexistent", "--listen", "0.0.0.0:0", "--base-path", "no")
        #expect(result.status == 1)
        #expect(result.output.contains("problem  settings      --ca-file: /nonexistent"), "\(result.output)")
        #expect(result.output.contains("problem  settings      --base-path"))
        let second = try check("--listen", "0.0.0.0:0", "--key-file", posthorn.write(String(repeating: "cd", count: 32), to: "other"))
        #expect(second.status == 1)
        #expect(second.output.contains("problem  endpoint      e cannot be used"), "\(second.output)")
        #expect(second.output.contains("problem  listen        other machines could connect, and there is no key yet"))
        #expect(second.output.contains("warn     endpoint      e is at an address that is not public (127.0.0.1)"))
        #expect(!(try check("--allow", "127.0.0.0/8", "--key-file", key).output.contains("not public")))
    }

    @Test func theMailServerIsAskedAndGetsNoMail() throws {
        try apply("")
        let server = try SMTPServer()
        let flags = ["--smtp", "smtp://127.0.0.1:\(server.port)", "--mail-from", "posthorn@example.com"]
        let refused = try posthorn.run(["run", "--check"] + flags)
        #expect(refused.status == 1 && refused.output.contains("the server offers no STARTTLS"), "\(refused.output)")
        let result = try posthorn.run(["run", "--check", "--smtp-allow-plain"] + flags)
        #expect(result.output.contains("ok       mail          smtp://127.0.0.1:\(server.port) answers"), "\(result.output)")
        #expect(server.mails.isEmpty)
        let gone = try check("--smtp", "smtp://127.0.0.1:1", "--mail-from", "posthorn@example.com")
        #expect(gone.status == 1 && gone.output.contains("problem  mail"), "\(gone.output)")
    }

    @Test func versionNamesTheSchemaAndTheLibraries() throws {
        let lines = try posthorn.run("version").lines
        #expect(lines.count == 5 && lines[0].hasPrefix("posthorn") && lines[2].hasPrefix("SQLite"))
        let json = try JSONValue.parse(Array(try posthorn.run("version", "--json").output.utf8))
        #expect(try posthorn.run("--version").output == "posthorn \(json["version"]?.text.dropFirst().dropLast() ?? "")\n")
        #expect(["schema", "sqlite", "curl", "tls"].allSatisfy { json[$0] != nil })
    }
}
