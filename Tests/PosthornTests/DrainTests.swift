import Posthorn
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Synchronization
import Testing

/// The end of an engine is bounded, whatever receivers do.
@Suite(.limited(), .onEveryStore) struct DrainTests {
    @Test func requestsLongerThanTheDrainAreCutAndSentAgain() throws {
        let isFirst = Mutex(true)
        let receiver = try MisbehavingReceiver { _ in
            isFirst.withLock { isFirst in
                defer { isFirst = false }
                return isFirst ? .silence : .ok
            }
        }
        let bench = try EngineBench()
        try bench.apply([EndpointSettings(id: "a", node: "s", url: receiver.url, timeoutMilliseconds: 600_000)])
        _ = try bench.outbox.emit(NewEvent(type: "MEETING_WAIT", node: "s", data: "{}"))
        let engine = try bench.engine(drainMilliseconds: 1)
        try engine.start()
        #expect(receiver.waitForRequests(1).count == 1)
        try engine.stop()
        #expect(bench.waitFor("cut", where: { if case .drainCut(let requests) = $0 { requests == 1 } else { false } }))
        #expect(try bench.deliveries().map(\.state) == [.pending])
        #expect(try bench.recordedAttempts() == 0)
        try bench.engine(untilSettled: true).run()
        #expect(try bench.deliveries().map(\.state) == [.delivered])
        #expect(try bench.recordedAttempts() == 1)
        // The same attempt, to the byte.
        #expect(receiver.requests.count == 2)
        #expect(Set(receiver.requests.map(\.body)).count == 1)
    }

    @Test func aHandshakeThatHangsKeepsNoEngineFromEnding() throws {
        let receiver = try MisbehavingReceiver { _ in .silence }
        let bench = try EngineBench()
        var settings = EndpointSettings(id: "a", node: "s", url: receiver.url, timeoutMilliseconds: 600_000)
        settings.envelope = .diio
        settings.signature = .diio
        settings.credentials = ["signing_secret": .string("agreed on it")]
        try bench.apply([settings])
        let engine = try bench.engine(drainMilliseconds: 1)
        try engine.start()
        #expect(receiver.waitForRequests(1).count == 1)
        try engine.stop()
        #expect(try bench.outbox.topology().endpoints.map(\.state) == [.unverified])
    }
}
