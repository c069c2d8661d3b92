import Testing

@testable import Posthorn

/// How fast a replay goes, decided without a clock.
@Suite struct ReplayPaceTests {
    private let second: Int64 = 1_000_000_000

    @Test func aReplayGoesEvenlyAndNeverFasterThanItsRate() {
        var pace = ReplayPace(ratePerSecond: 10, at: 0)
        #expect(pace.allowance(at: 0) == 1)
        pace.took(1)
        #expect(pace.allowance(at: 0) == 0 && pace.millisecondsToNext == 100)
        #expect(pace.allowance(at: second / 10) == 1)
        pace.took(1)
        var taken = 0
        for step in 1...100 {
            let allowed = pace.allowance(at: second / 10 + Int64(step) * second / 100)
            pace.took(allowed)
            taken += allowed
        }
        #expect(taken == 10)
    }

    @Test func aPauseIsMadeUpForByOneSecondsWorthAtMost() {
        var pace = ReplayPace(ratePerSecond: 50, at: 0)
        #expect(pace.allowance(at: 3600 * second) == 50)
        pace.took(70)
        #expect(pace.allowance(at: 3600 * second) == 0 && pace.millisecondsToNext > 400)
        // A clock that stands still, or seems to go back, gives nothing.
        #expect(pace.allowance(at: 0) == 0)
    }

    @Test func waitingDeliveriesHoldAReplayBackForAMinuteAtMost() {
        var window = ReplayWindow()
        window.add(Array(0..<Int64(ReplayWindow.limit)), at: 0)
        #expect(window.room == 0)
        window.settle(waiting: Set(10..<Int64(ReplayWindow.limit)), at: second)
        #expect(window.room == 10)
        window.add([1000], at: second)
        window.settle(waiting: Set(window.deliveries), at: 60 * second)
        #expect(window.deliveries == [1000])
    }
}
