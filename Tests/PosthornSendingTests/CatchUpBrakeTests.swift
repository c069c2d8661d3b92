import Testing

@testable import PosthornSending

@Suite struct CatchUpBrakeTests {
    private let millisecond: Int64 = 1_000_000

    /// A sender that keeps its schedule with so many requests on the wire, for a second.
    private func punctual(inFlight: Int) -> CatchUpBrake {
        var brake = CatchUpBrake()
        for start in 0..<1000 { brake.started(lateness: 0, inFlight: inFlight, now: Int64(start) * millisecond) }
        return brake
    }

    @Test func whoKeepsTheScheduleIsNeverHeld() {
        let brake = punctual(inFlight: 10)
        #expect(!brake.holds(inFlight: 100_000))
    }

    /// It starts what is overdue while few are on the wire, and waits for ends when there are many.
    @Test func whoIsBehindHoldsTheNumberOnTheWire() {
        var brake = punctual(inFlight: 10)
        brake.started(lateness: CatchUpBrake.tolerance + 1, inFlight: 11, now: 1000 * millisecond)
        #expect(!brake.holds(inFlight: CatchUpBrake.floor - 1))
        #expect(brake.holds(inFlight: CatchUpBrake.floor))
    }

    /// A slow receiver's schedule needs many on the wire: a moment's delay must not make it a load of a few connections.
    @Test func itHoldsNoLessThanTwiceOfWhatTheScheduleNeeds() {
        var brake = punctual(inFlight: 1000)
        brake.started(lateness: 50 * millisecond, inFlight: 1000, now: 1000 * millisecond)
        #expect(!brake.holds(inFlight: 1999))
        #expect(brake.holds(inFlight: 2000))
    }

    @Test func whatWasNeededOnceIsForgottenSlowly() {
        var brake = punctual(inFlight: 1000)
        for start in 1000..<2000 { brake.started(lateness: 0, inFlight: 10, now: Int64(start) * millisecond) }
        brake.started(lateness: 50 * millisecond, inFlight: 10, now: 2000 * millisecond)
        #expect(brake.holds(inFlight: 100))
        #expect(!brake.holds(inFlight: CatchUpBrake.floor - 1))
    }

    /// Starts a little late neither brake nor count as what the schedule needs: many on the wire came of being late.
    @Test func whatIsOnTheWireWhileLateIsNotNeeded() {
        var brake = punctual(inFlight: 10)
        for start in 1000..<2000 {
            brake.started(lateness: CatchUpBrake.punctual + 1, inFlight: 500, now: Int64(start) * millisecond)
            #expect(!brake.holds(inFlight: 500))
        }
        brake.started(lateness: CatchUpBrake.tolerance + 1, inFlight: 500, now: 2000 * millisecond)
        #expect(brake.holds(inFlight: 500))
    }

    /// The receiver has stopped answering just then: the sender waits, so it is not what lacks time, and an open load
    /// has as many on the wire as it wants within half a second.
    @Test func whoWaitsIsHeldLessAndLess() {
        var brake = punctual(inFlight: 10)
        var now = 1000 * millisecond
        brake.started(lateness: 50 * millisecond, inFlight: 32, now: now)
        while brake.holds(inFlight: 10_000) {
            now += millisecond
            brake.waited(millisecond, now: now)
            if now > 1500 * millisecond { break }
        }
        #expect(!brake.holds(inFlight: 10_000))
    }

    @Test func whoWorksIsHeldOn() {
        var brake = punctual(inFlight: 10)
        brake.started(lateness: 50 * millisecond, inFlight: 32, now: 0)
        for step in 1...1000 { brake.waited(millisecond / 8, now: Int64(step) * millisecond) }
        #expect(brake.holds(inFlight: CatchUpBrake.floor))
    }

    /// A receiver that has become slower while the sender was behind wants more on the wire than before, not a receiver that
    /// the same cores must serve.
    @Test(arguments: [(30, 132), (60, 2000), (90, 10_000)])
    func theMoreTimeThereIsTheFasterItLetsGo(percentWaited: Int64, atLeast: Int) {
        var brake = punctual(inFlight: 10)
        brake.started(lateness: 50 * millisecond, inFlight: 32, now: 0)
        let window = CatchUpBrake.window
        for step in 1...100 { brake.waited(window * percentWaited / 100, now: Int64(step) * window) }
        #expect(!brake.holds(inFlight: atLeast - 1))
    }

    @Test func whoHasCaughtUpIsHeldNoMore() {
        var brake = punctual(inFlight: 10)
        brake.started(lateness: 50 * millisecond, inFlight: 32, now: 0)
        #expect(brake.holds(inFlight: 32))
        brake.started(lateness: 0, inFlight: 32, now: millisecond)
        #expect(!brake.holds(inFlight: 32))
    }
}
