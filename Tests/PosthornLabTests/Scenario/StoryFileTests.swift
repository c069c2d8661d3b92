import PosthornModel
import PosthornText
import Testing

@testable import PosthornLab

@Suite struct StoryFileTests {
    private static let start = Timestamp(milliseconds: 1_740_960_000_000)

    private static let text = """
        {"stories": [
          {"share": 3, "steps": [
            {"type": "order.created", "data": {"id": "o-{story}", "number": "{number}", "at": "{now}", "lines": [{"s": "{now:s}", "x": "{A}"}]}},
            {"type": "order.paid", "data": {"id": "o-{story}"}}]},
          {"steps": [{"type": "user.created", "data": {"ms": "{now:ms}", "text": "{number} of {story}", "plain": [1.50, true, null]}}]}]}
        """

    private static func simulation(count: Int = 400, seed: UInt64 = 5) throws -> Simulation {
        Simulation(
            telling: try StoryFile(json: Array(text.utf8)),
            count: count,
            pace: .stream(perSecond: 1),
            faults: SimulationFaults(),
            seed: seed,
            start: start,
            wants: { _ in true }
        )
    }

    @Test func storiesAreToldInTheirOrderAndShares() throws {
        let events = try Self.simulation().departures.map(\.event)
        // Three stories of two events for each one of one event.
        let created = events.count { $0.type == "order.created" }
        #expect(abs(created - 171) <= 4 && abs(events.count { $0.type == "user.created" } - 57) <= 4)
        var open: Set<String> = []
        for event in events where event.type.hasPrefix("order") {
            let data = try JSONValue.parse(event.data)
            guard case .string(let id)? = data["id"] else { throw InputProblem(field: "id", reason: "is missing") }
            #expect(id.hasPrefix("o-") && id.utf8.count == 14)
            if event.type == "order.created" { #expect(open.insert(id).inserted) } else { #expect(open.remove(id) != nil) }
        }
        #expect(open.count <= 4)
    }

    @Test func wordsAreFilledIn() throws {
        let events = try Self.simulation().departures.map(\.event)
        let order = try #require(events.first { $0.type == "order.created" })
        let data = try JSONValue.parse(order.data)
        #expect(data["at"] == .string(order.created.description))
        guard case .number? = data["number"], case .array(let lines)? = data["lines"] else {
            throw InputProblem(field: "number", reason: "is missing")
        }
        #expect(lines.first?["s"] == .number(String(order.created.milliseconds / 1000)) && lines.first?["x"] == .string("{A}"))
        let user = try #require(events.first { $0.type == "user.created" })
        #expect(String(decoding: user.data, as: UTF8.self).contains(#""plain":[1.50,true,null]"#))
        #expect(try JSONValue.parse(user.data)["ms"] == .number(String(user.created.milliseconds)))
    }

    @Test func theSameSeedTellsTheSame() throws {
        let events = try Self.simulation().departures.map(\.event)
        let same = try Self.simulation().departures.map(\.event)
        let other = try Self.simulation(seed: 6).departures.map(\.event)
        #expect(events == same && events != other)
    }

    @Test(arguments: [
        ("[]", "file", "must be an object"), ("{", "", "is "), (#"{"stories": []}"#, "stories", "must have 1 to 100 stories"),
        (#"{"story": []}"#, "story", "allowed are stories"),
        (#"{"stories": [{"steps": []}]}"#, "stories[0].steps", "must have 1 to 100 events"),
        (#"{"stories": [{"share": 0, "steps": [{"type": "a", "data": {}}]}]}"#, "stories[0].share", ""),
        (#"{"stories": [{"steps": [{"type": "a b", "data": {}}]}]}"#, "stories[0].steps[0].type", ""),
        (#"{"stories": [{"steps": [{"type": "a"}]}]}"#, "stories[0].steps[0].data", "must be an object, the event's data"),
        (
            #"{"stories": [{"steps": [{"type": "a", "data": {"x": ["{stroy}"]}}]}]}"#, "stories[0].steps[0].data.x[0]",
            "holds {stroy}, which stands for nothing; words are {story}"
        ),
    ])
    func whatIsWrongInAFileIsNamed(text: String, field: String, message: String) {
        let problem = #expect(throws: InputProblem.self) { try StoryFile(json: Array(text.utf8)) }
        #expect(problem?.field == field && problem?.description.contains(message) == true, "\(problem?.description ?? "")")
    }
}
