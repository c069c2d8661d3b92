import Testing

@testable import PosthornLab

@Suite struct StartSpacingTests {
    private func settled(idlePercent: Int, from spacing: StartSpacing = StartSpacing()) -> Int64 {
        var spacing = spacing
        for _ in 0..<40 { spacing.idle(percent: idlePercent) }
        return spacing.interval
    }

    @Test(arguments: [StartSpacing.enough, 60, 100]) func whoHasTimeWakesUpOften(percent: Int) {
        #expect(settled(idlePercent: percent) == StartSpacing.shortest)
    }

    @Test(arguments: [StartSpacing.scarce, 5, 0]) func whoLacksTimeWakesUpSeldom(percent: Int) {
        #expect(abs(settled(idlePercent: percent) - StartSpacing.longest) <= 1)
    }

    @Test func betweenThemItGoesEvenly() {
        #expect(abs(settled(idlePercent: 30) - (StartSpacing.shortest + StartSpacing.longest) / 2) <= 1)
    }

    @Test func busyWindowCountsHalf() {
        var spacing = StartSpacing()
        spacing.idle(percent: 0)
        #expect(spacing.interval == (StartSpacing.shortest + StartSpacing.longest) / 2)
    }

    @Test func spacingReturnsToTheShortestInterval() {
        var spacing = StartSpacing()
        for _ in 0..<40 { spacing.idle(percent: 0) }
        #expect(abs(settled(idlePercent: 90, from: spacing) - StartSpacing.shortest) <= 1)
    }
}
