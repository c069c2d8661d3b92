import PosthornModel
import PosthornText
import Testing

@testable import Posthorn

@Suite struct LookaheadScanTests {
    private let now = Timestamp(milliseconds: 1_594_816_394_000)

    @Test func lookaheadScanStaysAheadOfTheFrontier() {
        var scout = LookaheadScan()
        #expect(scout.start(frontier: 100, at: now) == 100)
        _ = scout.visits(150, isFree: true, held: 0)
        #expect(scout.start(frontier: 120, at: now) == 150)
        #expect(scout.start(frontier: 500, at: now) == 500)
    }

    @Test func endpointsHoldingLittleAreServedUpToTheirShare() {
        var scout = LookaheadScan()
        #expect(scout.visits(1, isFree: true, held: 0) == .take)
        #expect(scout.visits(2, isFree: true, held: ClaimWindow.scoutedShare - 1) == .take)
        #expect(scout.visits(3, isFree: true, held: ClaimWindow.scoutedShare) == .pass)
        #expect(scout.visits(4, isFree: true, held: 2000) == .pass)
        #expect(scout.visits(5, isFree: false, held: 0) == .pass)
    }

    @Test func lookaheadScanRevisitsSkippedEndpointsAfterRest() {
        var scout = LookaheadScan()
        _ = scout.start(frontier: 0, at: now)
        for delivery in 1...9 { _ = scout.visits(Int64(delivery), isFree: true, held: delivery - 1) }
        _ = scout.visits(10, isFree: true, held: 2000)
        // The pass took half a second.
        let end = now.advanced(byMilliseconds: 500)
        scout.reachedTheEnd(at: end)
        #expect(scout.start(frontier: 0, at: end) == 10)
        scout.reachedTheEnd(at: end.advanced(byMilliseconds: 4499))
        #expect(scout.start(frontier: 0, at: end) == 10)
        let again = end.advanced(byMilliseconds: 4500)
        scout.reachedTheEnd(at: again)
        #expect(scout.start(frontier: 0, at: again) == 8)
        // A short pass is followed by the shortest rest.
        for delivery in 9...10 { _ = scout.visits(Int64(delivery), isFree: true, held: ClaimWindow.scoutedShare) }
        scout.reachedTheEnd(at: again)
        scout.reachedTheEnd(at: again.advanced(byMilliseconds: LookaheadScan.shortestRest - 1))
        #expect(scout.start(frontier: 0, at: again) == 10)
        scout.reachedTheEnd(at: again.advanced(byMilliseconds: LookaheadScan.shortestRest))
        #expect(scout.start(frontier: 0, at: again) == 8)
    }

    @Test(arguments: [-86_400_000, LookaheadScan.longestRest]) func aClockThatIsPutDoesNotKeepItAway(from: Int64) {
        var scout = LookaheadScan()
        _ = scout.start(frontier: 0, at: now)
        for delivery in 1...9 { _ = scout.visits(Int64(delivery), isFree: true, held: delivery - 1) }
        // Ahead by a day during the pass, and during the rest back again, or on by no more than the longest rest.
        let end = now.advanced(byMilliseconds: 86_400_000)
        scout.reachedTheEnd(at: end)
        scout.reachedTheEnd(at: end.advanced(byMilliseconds: from))
        #expect(scout.start(frontier: 0, at: end) == 8)
    }

    @Test func lookaheadScanStaysAtTheEndWhenNothingWasSkipped() {
        var scout = LookaheadScan()
        for delivery in 1...5 { _ = scout.visits(Int64(delivery), isFree: true, held: 3000) }
        scout.reachedTheEnd(at: now)
        #expect(scout.start(frontier: 0, at: now) == 5)
        scout.startOver()
        #expect(scout.start(frontier: 0, at: now) == 0)
    }
}
