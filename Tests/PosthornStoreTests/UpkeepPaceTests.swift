import PosthornStore
import Testing

/// How much upkeep is done at a time.
@Suite struct UpkeepPaceTests {
    @Test(arguments: [1_000, 20_000, 400_000] as [Int64])
    func stepsSettleAtTheGoalWhateverARowCosts(_ nanosecondsEach: Int64) {
        var pace = UpkeepPace(share: 0.2)
        for _ in 0..<30 { pace.note(pace.size, nanoseconds: nanosecondsEach * Int64(pace.size)) }
        let held = Int64(pace.size) * nanosecondsEach
        #expect(held <= UpkeepPace.goalNanoseconds && (held * 2 > UpkeepPace.goalNanoseconds || pace.size == 2000))
    }

    @Test func aStepThatTookTooLongIsFollowedByASmallOne() {
        var pace = UpkeepPace(size: 1000, share: 0.2)
        pace.note(1000, nanoseconds: 1_000_000_000)
        #expect(pace.size == 2)
        // And grows by half at most.
        pace.note(2, nanoseconds: 1)
        #expect(pace.size == 3)
        // Never to nothing.
        pace.note(3, nanoseconds: .max / 2)
        #expect(pace.size == 1)
    }

    @Test func restKeepsToTheShare() {
        #expect(UpkeepPace(share: 0.2).restMilliseconds(after: 5_000_000) == 20)
        #expect(UpkeepPace(share: 0.5).restMilliseconds(after: 5_000_000) == 5)
        #expect(UpkeepPace(share: 1).restMilliseconds(after: 5_000_000) == 0)
    }
}
