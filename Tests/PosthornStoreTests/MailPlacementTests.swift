import PosthornModel
import PosthornStore
import PosthornText
import Testing

/// Which exhausted deliveries are reported, and in which mail.
@Suite struct MailPlacementTests {
    private let now = Timestamp(milliseconds: 10_000_000)
    private let hour: Int64 = 3_600_000

    private func exhaustion(attempt: Int = 5) -> ExhaustedNotice {
        ExhaustedNotice(delivery: 1, attempt: attempt, roundAttempts: 5, endpoint: 1, recipient: "a@example.com", at: now)
    }

    @Test(arguments: DeliveryState.allCases)
    func onlyWhatIsStillExhaustedIsReported(_ state: DeliveryState) {
        #expect(exhaustion().isNews(in: state, lastReported: nil) == (state == .exhausted))
    }

    @Test(arguments: [(6, 5, false), (9, 5, false), (10, 5, true), (10, 6, false), (11, 6, true)])
    func aRoundIsReportedOnce(_ attempt: Int, _ last: Int, _ isNews: Bool) {
        #expect(exhaustion(attempt: attempt).isNews(in: .exhausted, lastReported: last) == isNews)
    }

    @Test func theFirstMailIsDueAtOnceAndCollectsUntilItIsClosed() {
        #expect(exhaustion().placement(after: nil, spacingMilliseconds: hour) == .new(due: now))
        #expect(exhaustion().placement(after: LatestMail(key: 3, closed: nil), spacingMilliseconds: hour) == .existing(3))
    }

    @Test func theNextMailWaitsForItsSpacing() {
        func due(closed: Int64) -> MailPlacement {
            let latest = LatestMail(key: 3, closed: now.advanced(byMilliseconds: closed))
            return exhaustion().placement(after: latest, spacingMilliseconds: hour)
        }
        #expect(due(closed: -1000) == .new(due: now.advanced(byMilliseconds: hour - 1000)))
        #expect(due(closed: -2 * hour) == .new(due: now))
        // A clock that was put back by a day.
        #expect(due(closed: 24 * hour) == .new(due: now.advanced(byMilliseconds: hour)))
    }
}
