import PosthornModel
import PosthornTestSupport
import Testing

@testable import PosthornCLI

/// Which events of an outbox `posthorn load --replay` takes.
@Suite(.limited()) struct LabReplayTests {
    /// An outbox of 20 events, of which every second is a meeting's, and an endpoint that wants meetings alone.
    private func outbox() throws -> (posthorn: PosthornProcess, topology: String) {
        let posthorn = try PosthornProcess()
        let endpoint = #"{"id":"crm","node":"c1","url":"https://crm.example/","vendor":"weseedo","events":["MEETING_*"]}"#
        let topology = posthorn.write(#"{"nodes":[{"id":"c1","level":"company"}],"endpoints":[\#(endpoint)]}"#, to: "t.json")
        let events = (10..<30).map { i in
            #"{"id":"e\#(i)","type":"\#(i.isMultiple(of: 2) ? "USER_CHANGED" : "MEETING_ENDED")","node":"c1","data":{"id":"\#(i)"}}"# + "\n"
        }
        let lines = posthorn.write(events.joined(), to: "events.ndjson")
        #expect(try posthorn.run("apply", topology).status == 0)
        #expect(try posthorn.run("emit", lines).status == 0)
        return (posthorn, topology)
    }

    private func events(_ flags: [String], limit: Int) throws -> [String]? {
        let (posthorn, topology) = try outbox()
        let words = ["http://127.0.0.1:9/", "--replay", posthorn.database, "--topology", topology] + flags
        let arguments = try ParsedArguments(words, for: LoadCommand.specification)
        let settings = try FormatFlags.settings(arguments, url: "http://127.0.0.1:9/", command: "load")
        return try ReplayFlags.events(arguments, settings, "load", countLimit: limit)?.map(\.id)
    }

    /// What the endpoint does not want does not count.
    @Test func theCountIsOfEventsThatTheEndpointWants() throws {
        #expect(try events(["--count", "8"], limit: 100) == ["e11", "e13", "e15", "e17", "e19", "e21", "e23", "e25"])
        #expect(try events([], limit: 10)?.count == 10)
        #expect(try events(["--event", "MEETING_ENDED", "--count", "3"], limit: 5) == ["e11", "e13", "e15"])
    }

    @Test func moreThanMemoryIsToHoldAreRefusedWithTheWayOut() throws {
        do {
            _ = try events([], limit: 9)
            Issue.record("took more than 9")
        } catch let problem as UsageProblem {
            #expect(problem.message.hasPrefix("--replay: there are more than 9 such events, "))
            #expect(problem.message.hasSuffix("with --event, or the first N with --count N"))
        }
        #expect(try PosthornProcess().run("load", "--help").output.contains("--replay reads at most 1,000,000 events into memory"))
    }
}
