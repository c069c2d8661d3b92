import Posthorn
import PosthornModel
import PosthornStore
import PosthornTestSupport
import Synchronization
import Testing
import PosthornText

/// `retry` beside a running engine.
@Suite(.limited(), .onEveryStore) struct RetryByHandTests {
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

    /// The day's schedule of a fresh delivery: asked for again and again, also by one who is killed, it is there in the end.
    @Test(arguments: [false, true]) func repeatedRetriesUseUpNoneOfTheSchedule(restarting: Bool) throws {
        let receiver = try MisbehavingReceiver { _ in .status(500) }
        let clock = TestClock()
        let start = clock.now()
        let bench = try EngineBench(clock: clock)
        let schedule = try RetrySchedule(offsetsMilliseconds: [0, 60_000, 600_000])
        try bench.apply([EndpointSettings(id: "e", node: "s", url: receiver.url, retry: schedule)])
        var engine = try bench.engine()
        try engine.start()
        _ = try bench.outbox.emit(NewEvent(type: "MEETING_STARTED", node: "s", data: "{}"))
        #expect(bench.waitFor("first failure", where: { $0.isFailure(.pending, attempt: 1) }))
        for attempt in 2...7 {
            clock.advance(by: 1000)
            // Asked for while no engine runs, it waits in the outbox with the schedule's time beside it.
            if restarting { try engine.stop() }
            var filter = DeliveryFilter()
            (filter.endpoint, filter.since) = ("e", start)
            for _ in 0..<(restarting ? 2 : 1) { #expect(try bench.outbox.retry(.matching(filter)).retried == 1) }
            if restarting {
                engine = try bench.engine()
                try engine.start()
            }
            #expect(bench.waitFor("failure \(attempt)", where: { $0.isFailure(.pending, attempt: attempt) }))
            #expect(try bench.deliveries().map(\.nextAttemptAt) == [start.advanced(byMilliseconds: 60_000)])
        }
        clock.advance(by: 54_000)
        #expect(bench.waitFor("the second of the schedule", where: { $0.isFailure(.pending, attempt: 8) }))
        #expect(try bench.deliveries().map(\.nextAttemptAt) == [start.advanced(byMilliseconds: 600_000)])
        clock.advance(by: 540_000)
        #expect(bench.waitFor("the last of the schedule", where: { $0.isFailure(.exhausted, attempt: 9) }))
        // Exhausted, it gets one attempt for each time that somebody asks.
        #expect(try bench.outbox.retry(.deliveries([1])).retried == 1)
        #expect(bench.waitFor("one by hand", where: { $0.isFailure(.exhausted, attempt: 10) }))
        try engine.stop()
        #expect(try bench.outbox.attempts(of: 1).map(\.number) == Array(1...10))
    }
}
