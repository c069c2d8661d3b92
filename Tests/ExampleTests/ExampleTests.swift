import Glibc
import PosthornTestSupport
import Testing

/// The examples do what they say.
@Suite struct ExampleTests {
    private let folder: TemporaryDirectory
    private let database: String
    private let examples = Command.top + "/Examples"
    private let posthorn = Command.product("posthorn")

    init() throws {
        folder = try TemporaryDirectory()
        database = folder.path + "/outbox.db"
    }

    @Test func theSwiftPlatformDeliversWhatItCommitsAndNothingElse() throws {
        let result = try Command.run([Command.product("PosthornPlatformExample")])
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains("MEETING_STARTED to acme-crm, attempt 1: delivered"))
        #expect(result.output.contains("the customer's server got 3 requests"))
        #expect(!result.output.contains("MEETING_DELETED"))
    }

    @Test(.enabled(if: Command.exists("python3"), "python3 is not installed"))
    func anInsertFromPythonCommitsWithThePlatformsDataOrSaysWhyNot() throws {
        try apply()
        let result = try Command.run(["python3", "\(examples)/outbox-inserts/insert.py", database])
        #expect(result.status == 0 && result.output.contains("committed meeting 1 with event "), "\(result.output)")
        #expect(result.output.contains("rolled back: posthorn_outbox.node names no node of the hierarchy"))
        #expect(try status().contains(#""events":1,"arrivals":1"#))
    }

    @Test(
        arguments: [
            ["python3", "outbox-inserts/insert.py"], ["python3", "receivers/receiver.py"], ["node", "receivers/receiver.js"],
        ].filter { Command.exists($0[0]) }
    )
    func aProgramExplainsItselfAndDoesNothingElse(words: [String]) throws {
        for flag in ["--help", "-h"] {
            let result = try Command.run([words[0], "\(examples)/\(words[1])", flag])
            let name = words[1].split(separator: "/").last ?? ""
            #expect(result.status == 0 && result.output.contains(name), "\(result.output)")
            #expect(!result.output.contains("Traceback") && !result.output.contains("listening on http"), "\(result.output)")
        }
        #expect(access("--help", F_OK) != 0, "no file of that name was made")
    }

    @Test(.enabled(if: Command.exists("sqlite3"), "sqlite3 is not installed"))
    func anInsertFromTheShellCommits() throws {
        try apply()
        let result = try Command.run(["sqlite3", "-bail", database], input: "\(examples)/outbox-inserts/insert.sql")
        #expect(result.status == 0, "\(result.output)")
        #expect(try status().contains(#""events":1,"arrivals":1"#))
    }

    @Test func theExampleEventsAreAcceptedOnce() throws {
        try apply()
        let emit = [posthorn, "emit", "--db", database, "\(examples)/events/weseedo.ndjson"]
        let first = try Command.run(emit)
        #expect(first.status == 0 && first.output == "22 events accepted, 63 deliveries\n", "\(first.output)")
        let second = try Command.run(emit)
        #expect(second.status == 0 && second.output == "22 events accepted (22 known already), 0 deliveries\n", "\(second.output)")
    }

    private func apply() throws {
        let result = try Command.run([posthorn, "apply", "--db", database, "\(examples)/topologies/weseedo.json"])
        try #require(result.status == 0, "\(result.output)")
    }

    private func status() throws -> String {
        let result = try Command.run([posthorn, "status", "--db", database, "--json"])
        try #require(result.status == 0, "\(result.output)")
        return result.output
    }
}
