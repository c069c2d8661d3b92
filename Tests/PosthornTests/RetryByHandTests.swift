import Posthorn
import PosthornModel
import PosthornOutbox
import PosthornTestSupport
import Synchronization
import Testing

/// `retry` beside a running engine.
@Suite(.limited()) struct RetryByHandTests {
    /// The last attempt is on the wire when somebody gives the delivery a new round: its failure is the first of that round.
    @Test func aNewRoundGivenWhileTheLastAttemptIsOnTheWireIsKept() throws {
        let count = Mutex(0)
        let receiver = try MisbehavingReceiver { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return number == 2 ? Reply.status(500).held : .status(500)
        }
        let clock = TestClock()
        let bench = try EngineBench(clock: clock)
        let schedule = try RetrySchedule(offsetsMilliseconds: [0, 60_000])
        try bench.apply([EndpointSettings(id: "e", node: "s", url: receiver.url, retry: schedule)])
        let engine = try bench.engine()
        try engine.start()
        _ = try bench.outbox.emit(NewEvent(type: "MEETING_STARTED", node: "s", data: "{}"))
        #expect(bench.waitFor("first failure", where: { $0.isFailure(.pending, attempt: 1) }))
        clock.advance(by: 60_000)
        #expect(receiver.waitForRequests(2).count == 2)
        #expect(try bench.outbox.retry(.deliveries([1]), wholeRound: true).retried == 1)
        receiver.release()
        #expect(bench.waitFor("second failure", where: { $0.isFailure(.pending, attempt: 2) }))
        clock.advance(by: 60_000)
        #expect(bench.waitFor("third failure", where: { $0.isFailure(.exhausted, attempt: 3) }))
        try engine.stop()
        #expect(try bench.deliveries().map(\.attempts) == [3])
    }
}
