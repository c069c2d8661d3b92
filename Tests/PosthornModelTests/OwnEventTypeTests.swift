import PosthornModel
import PosthornText
import Testing

@Suite struct OwnEventTypeTests {
    @Test(arguments: [
        ("endpoint.failing", true), ("endpoint.*", true), ("endpoint.f*g", true), ("*", false), ("*.failing", false), ("e*", false),
        ("endpoint*", false), ("endpoint.suspended", false), ("delivery.*", false),
    ])
    func aPatternAsksForThemByTheirSubject(_ pattern: String, _ names: Bool) throws {
        #expect(try EventPattern(pattern).names(.endpointFailing) == names)
    }

    @Test func anEndpointWithoutPatternsGetsNone() throws {
        var settings = EndpointSettings(id: "e", node: "n", url: "https://e.example/")
        #expect(settings.wants("endpoint.failing", isOwn: false) && !settings.wants("endpoint.failing", isOwn: true))
        settings.events = [try EventPattern("replay.finished")]
        #expect(settings.wants(.replayFinished) && !settings.wants(.endpointFailing))
    }

    @Test func anEventIsOwnByItsIDAndType() {
        func event(_ id: String, _ type: String) -> Event {
            Event(id: id, type: type, node: "n", created: Timestamp(milliseconds: 0), data: [])
        }
        #expect(event("posthorn:1", "replay.finished").isOwn)
        #expect(!event("posthorn:1", "T").isOwn && !event("1", "replay.finished").isOwn)
    }

    @Test(arguments: OwnEventType.allCases)
    func eachHasASentenceAndAnExample(_ type: OwnEventType) throws {
        try EventType.check(type.rawValue)
        #expect(type.summary.hasSuffix("."))
        guard case .object(let members) = type.example else {
            Issue.record("the example of \(type) is no object")
            return
        }
        #expect(!members.isEmpty)
    }
}
