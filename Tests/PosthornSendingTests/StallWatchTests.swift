import Testing

@testable import PosthornSending

/// A thread that could not run for a while.
@Suite struct StallWatchTests {
    private let second: Int64 = 1_000_000_000

    @Test func aTurnThatComesTooLateIsAStall() {
        var watch = StallWatch()
        #expect(watch.runs(at: 5 * second) == 0)
        watch.waits(until: 6 * second)
        #expect(watch.runs(at: 6 * second + 1000) == 0)
        watch.waits(until: 8 * second)
        // Woken by an event before.
        #expect(watch.runs(at: 7 * second) == 0)
        watch.waits(until: 8 * second)
        #expect(watch.runs(at: 20 * second) == 12 * second)
        // Counted once.
        #expect(watch.runs(at: 20 * second) == 0)
        // Between two turns as well.
        #expect(watch.runs(at: 23 * second) == 3 * second)
    }

    @Test func whoWaitsForAnEventAloneIsNeverLate() {
        var watch = StallWatch()
        watch.waits(until: .max)
        #expect(watch.runs(at: 1_000_000 * second) == 0)
    }
}
