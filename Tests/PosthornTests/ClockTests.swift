import Posthorn
import PosthornModel
import PosthornTestSupport
import Testing

/// The wall clock is put back or ahead while deliveries wait.
@Suite(.limited(), .onEachStore) struct ClockTests {
    private static let hour: Int64 = 3_600_000

    /// Put back, what waits comes when the clock shows its time again: later by the jump at most, and never lost.
    @Test(arguments: [hour, 24 * hour])
    func aClockThatIsPutBackLosesNothing(_ jump: Int64) throws {
        let (bench, clock, receiver) = try bench()
        let engine = try bench.engine()
        try engine.start()
        try emitAndFail(bench, 0..<100, attempt: 1)
        clock.advance(by: 60_000)
        #expect(bench.waitFor("second attempts", count: 100, where: { $0.isFailure(.pending, attempt: 2) }))
        clock.advance(by: -jump)
        // New work goes on by the new time.
        try emitAndFail(bench, 100..<200, attempt: 1)
        clock.advance(by: 60_000)
        #expect(bench.waitFor("second attempts", count: 200, where: { $0.isFailure(.pending, attempt: 2) }))
        #expect(receiver.requests.count == 400)
        clock.advance(by: jump + 540_000)
        #expect(bench.waitFor("third attempts", count: 200, where: { $0.isFailure(.pending, attempt: 3) }))
        try engine.stop()
        #expect(try bench.recordedAttempts() == 600)
    }

    /// Put ahead, what waits is due at once, each delivery once: the next gap counts from that attempt.
    @Test(arguments: [hour, 24 * hour])
    func aClockThatIsPutAheadSendsEachOnce(_ jump: Int64) throws {
        let (bench, clock, receiver) = try bench(inFlightLimit: 4)
        let engine = try bench.engine()
        try engine.start()
        try emitAndFail(bench, 0..<300, attempt: 1)
        clock.advance(by: jump)
        #expect(bench.waitFor("second attempts", count: 300, where: { $0.isFailure(.pending, attempt: 2) }))
        clock.advance(by: -jump)
        try emitAndFail(bench, 300..<301, attempt: 1)
        try engine.stop()
        #expect(receiver.requests.count == 601)
        #expect(try bench.recordedAttempts() == 601)
        // The burst was capped by the endpoint's limit.
        #expect(receiver.connectionCount <= 5)
    }

    /// Ten years ahead for a while: what failed meanwhile is due by its gap once the clock is right, in this engine or the next.
    @Test(arguments: [true, false])
    func retriesPutOffForYearsComeBack(_ isNextEngine: Bool) throws {
        let (bench, clock, receiver) = try bench()
        let decade: Int64 = 315_360_000_000
        clock.advance(by: decade)
        var engine = try bench.engine()
        try engine.start()
        try emitAndFail(bench, 0..<20, attempt: 1)
        if isNextEngine { try engine.stop() }
        clock.advance(by: -decade)
        if isNextEngine {
            engine = try bench.engine()
            try engine.start()
        }
        // A commit shows that the engine has had a turn since.
        try emitAndFail(bench, 20..<21, attempt: 1)
        clock.advance(by: 60_000)
        #expect(bench.waitFor("second attempts", count: 21, where: { $0.isFailure(.pending, attempt: 2) }))
        #expect(receiver.requests.count == 42)
        try engine.stop()
    }

    private func bench(inFlightLimit: Int = 32) throws -> (EngineBench, TestClock, MisbehavingReceiver) {
        let receiver = try MisbehavingReceiver { _ in .status(500) }
        let clock = TestClock()
        let bench = try EngineBench(clock: clock)
        try bench.apply([EndpointSettings(id: "a", node: "s", url: receiver.url, inFlightLimit: inFlightLimit)])
        return (bench, clock, receiver)
    }

    private func emitAndFail(_ bench: EngineBench, _ range: Range<Int>, attempt: Int) throws {
        _ = try bench.outbox.emit(range.map { NewEvent(id: "e\($0)", type: "MEETING_WAIT", node: "s", data: "{}") })
        #expect(bench.waitFor("attempts", count: range.upperBound, where: { $0.isFailure(.pending, attempt: attempt) }))
    }
}
