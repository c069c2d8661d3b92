import Testing

@testable import PosthornLab

@Suite struct CatchUpBrakeTests {
    private let millisecond: Int64 = 1_000_000

    /// A sender that keeps its schedule with so many requests on the wire.
    private func punctual(inFlight: Int, starts: Int = 10_000) -> CatchUpBrake {
        var brake = CatchUpBrake()
        for _ in 0..<starts { brake.started(lateness: 0, inFlight: inFlight) }
        return brake
    }

    @Test func whoKeepsTheScheduleIsNeverHeld() {
        let brake = punctual(inFlight: 10)
        #expect(!brake.holds(inFlight: 100_000))
    }

    /// It starts what is overdue while few are on the wire, and waits for ends when there are many.
    @Test func whoIsBehindHoldsTheNumberOnTheWire() {
        var brake = punctual(inFlight: 10)
        brake.started(lateness: CatchUpBrake.tolerance + 1, inFlight: 11)
        #expect(!brake.holds(inFlight: CatchUpBrake.floor - 1))
        #expect(brake.holds(inFlight: CatchUpBrake.floor))
    }

    /// A slow receiver's schedule needs many on the wire: a moment's delay must not make it a load of a few connections.
    @Test(arguments: [10, 10_000]) func catchUpBrakeStartsWithTwiceTheScheduledConcurrency(starts: Int) {
        var brake = punctual(inFlight: 1000, starts: starts)
        brake.started(lateness: 50 * millisecond, inFlight: 1000)
        #expect(!brake.holds(inFlight: 1999))
        #expect(brake.holds(inFlight: 2000))
    }

    /// 300 requests in a row that met a receiver without a core are a hundredth of a second.
    @Test func aMomentWithManyOnTheWireCountsForLittle() {
        var brake = punctual(inFlight: 10)
        for _ in 0..<300 { brake.started(lateness: 0, inFlight: 300) }
        brake.started(lateness: 50 * millisecond, inFlight: 300)
        #expect(brake.holds(inFlight: 70))
    }

    @Test func catchUpBrakeForgetsOldPeaks() {
        var brake = punctual(inFlight: 1000)
        for _ in 0..<30_000 { brake.started(lateness: 0, inFlight: 10) }
        brake.started(lateness: 50 * millisecond, inFlight: 10)
        #expect(brake.holds(inFlight: 100))
        #expect(!brake.holds(inFlight: CatchUpBrake.floor - 1))
    }

    /// Starts a little late neither brake nor count as what the schedule needs: many on the wire came of being late.
    @Test func catchUpBrakeIgnoresRequestsSentLate() {
        var brake = punctual(inFlight: 10)
        for _ in 0..<1000 {
            brake.started(lateness: CatchUpBrake.punctual + 1, inFlight: 500)
            #expect(!brake.holds(inFlight: 500))
        }
        brake.started(lateness: CatchUpBrake.tolerance + 1, inFlight: 500)
        #expect(brake.holds(inFlight: CatchUpBrake.floor))
    }

    /// The receiver has stopped answering just then: the sender waits, so it is not what lacks time, and an open load
    /// has as many on the wire as it wants within a tenth of a second.
    @Test func whoWaitsIsHeldLessAndLess() {
        var brake = punctual(inFlight: 10)
        brake.started(lateness: 50 * millisecond, inFlight: 32)
        for _ in 0..<(100 * millisecond / IdleShare.window) { brake.idle(percent: 100) }
        #expect(!brake.holds(inFlight: 10_000))
    }

    /// The pause goes on, and the schedule was kept for a moment only.
    @Test func catchUpBrakeRemembersAPausesNeedForAWhile() {
        var brake = punctual(inFlight: 10)
        brake.started(lateness: 50 * millisecond, inFlight: 32)
        for _ in 0..<5 { brake.idle(percent: 100) }
        for _ in 0..<100 { brake.started(lateness: 0, inFlight: 3000) }
        brake.started(lateness: CatchUpBrake.tolerance + 1, inFlight: 3000)
        #expect(!brake.holds(inFlight: 10_000))
        for _ in 0..<20_000 { brake.started(lateness: 0, inFlight: 10) }
        brake.started(lateness: CatchUpBrake.tolerance + 1, inFlight: 10)
        #expect(brake.holds(inFlight: 100))
    }

    @Test func whoWorksIsHeldOn() {
        var brake = punctual(inFlight: 10)
        brake.started(lateness: 50 * millisecond, inFlight: 32)
        for _ in 0..<1000 { brake.idle(percent: 12) }
        #expect(brake.holds(inFlight: CatchUpBrake.floor))
        #expect(!brake.holds(inFlight: CatchUpBrake.floor - 1))
    }

    /// More on the wire than it can serve, as after a receiver's pause: fewer make each of them cheaper.
    @Test func whoHasNoTimeLeftHoldsBackMore() {
        var brake = punctual(inFlight: 1000)
        brake.started(lateness: 50 * millisecond, inFlight: 2000)
        for _ in 0..<50 { brake.idle(percent: 0) }
        #expect(brake.holds(inFlight: 2 * CatchUpBrake.floor))
    }

    /// A receiver that has become slower while the sender was behind wants more on the wire than before, not a receiver that
    /// the same cores must serve.
    @Test(arguments: [(30, 132), (60, 2000), (90, 10_000)])
    func theMoreTimeThereIsTheFasterItLetsGo(percentIdle: Int, atLeast: Int) {
        var brake = punctual(inFlight: 10)
        brake.started(lateness: 50 * millisecond, inFlight: 32)
        for _ in 0..<100 { brake.idle(percent: percentIdle) }
        #expect(!brake.holds(inFlight: atLeast - 1))
    }

    @Test func whoHasCaughtUpIsHeldNoMore() {
        var brake = punctual(inFlight: 10)
        brake.started(lateness: 50 * millisecond, inFlight: 32)
        #expect(brake.holds(inFlight: 32))
        brake.started(lateness: 0, inFlight: 32)
        #expect(!brake.holds(inFlight: 32))
    }
}
