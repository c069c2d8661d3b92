import PosthornTestSupport
import Testing

/// A wrong URL is corrected: what waits for it, and how it gets to the right one.
@Suite struct CurrentURLTests {
    @Test func deliveriesAtTheFormerURLAreCountedShownAndSentOn() throws {
        let receiver = try MisbehavingReceiver { request in request.target == "/hook/right" ? .ok : .status(404) }
        let posthorn = try PosthornProcess()
        func apply(_ path: String) throws -> PosthornProcess.Result {
            try posthorn.run("apply", posthorn.write(SampleTopology.json(url: "\(receiver.url)/\(path)"), to: "\(path).json"))
        }
        _ = try apply("wrong")
        let events = (0..<3).map { SampleTopology.event("e\($0)") }.joined(separator: "\n")
        #expect(try posthorn.run("emit", input: events).status == 0)
        #expect(try posthorn.run("endpoint", "disable", "crm").status == 0)
        #expect(try posthorn.run("emit", input: SampleTopology.event("held")).status == 0)
        #expect(try posthorn.run("endpoint", "enable", "crm").status == 0)
        let applied = try apply("right")
        #expect(applied.output.contains("changed endpoint crm (url)\n"), "\(applied.output)")
        #expect(applied.output.contains("  4 deliveries wait for its former URL"), "\(applied.output)")
        #expect(applied.output.contains("posthorn retry --endpoint crm --current-url"), "\(applied.output)")
        let list = try posthorn.run("deliveries", "--json").output
        #expect(list.split(separator: "\n").count { $0.contains(#""url":"\#(receiver.url)/wrong""#) } == 4, "\(list)")
        // One by its number, the others with all that wait.
        #expect(try posthorn.run("retry", "1", "--current-url").output.contains("1 delivery goes to the endpoint's current URL"))
        let rest = try posthorn.run("retry", "--endpoint", "crm", "--current-url", "--json")
        #expect(rest.output.hasPrefix(#"{"retried":3,"moved":3,"#), "\(rest.output)")
        #expect(try posthorn.run("retry", "--endpoint", "crm", "--current-url").output == "0 deliveries due now\n")
        #expect(try posthorn.run("run", "--until-settled", "--allow", "127.0.0.0/8").status == 0)
        #expect(receiver.requests.map(\.target) == Array(repeating: "/hook/right", count: 4))
        let moved = try posthorn.run("deliveries", "--json").output
        #expect(moved.split(separator: "\n").count { $0.contains(#""url":"\#(receiver.url)/right""#) } == 4, "\(moved)")
        // The next correction finds nothing that waits.
        let json = posthorn.write(SampleTopology.json(url: "\(receiver.url)/other"), to: "other.json")
        #expect(try !posthorn.run("apply", "--json", json).output.contains("waiting_at_former_url"))
    }

    @Test func aProgramIsToldTheCount() throws {
        let posthorn = try PosthornProcess()
        _ = try posthorn.run("apply", posthorn.write(SampleTopology.json(), to: "a.json"))
        #expect(try posthorn.run("emit", input: SampleTopology.event("e1")).status == 0)
        let moved = posthorn.write(SampleTopology.json(url: "https://b.example/"), to: "b.json")
        #expect(try posthorn.run("apply", "--json", moved).output.contains(#""detail":"url","waiting_at_former_url":1}"#))
    }
}
