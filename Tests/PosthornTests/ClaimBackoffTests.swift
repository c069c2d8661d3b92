import Testing

@testable import Posthorn

@Suite struct ClaimBackoffTests {
    /// The macro takes no call that changes a value.
    private func check(_ holds: Bool, _ place: SourceLocation = #_sourceLocation) { #expect(holds, sourceLocation: place) }

    private static let second: Int64 = 1_000_000_000

    @Test func pausesDoubleUpToAMinute() {
        var backoff = ClaimBackoff()
        var now: Int64 = 5 * Self.second
        var pauses: [Int64] = []
        for _ in 0..<8 {
            _ = backoff.failed("damaged", now: now)
            pauses.append(backoff.nanosecondsLeft(now: now) / Self.second)
            now += backoff.nanosecondsLeft(now: now)
            #expect(backoff.nanosecondsLeft(now: now) == 0)
        }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 60])
    }

    @Test func onlyNewsIsTold() {
        var backoff = ClaimBackoff()
        check(!backoff.succeeded())
        check(backoff.failed("damaged", now: 0))
        check(!backoff.failed("damaged", now: Self.second))
        check(backoff.failed("another", now: 3 * Self.second))
        check(backoff.succeeded())
        check(!backoff.succeeded())
        #expect(backoff.nanosecondsLeft(now: 0) == 0)
    }

    /// What fails and works by turns is told as rarely as what only fails.
    @Test func aRecoveryAloneDoesNotShortenThePause() {
        var backoff = ClaimBackoff()
        for _ in 0..<4 {
            _ = backoff.failed("damaged", now: 0)
            _ = backoff.succeeded()
        }
        _ = backoff.failed("damaged", now: 0)
        #expect(backoff.nanosecondsLeft(now: 0) == 16 * Self.second)
        _ = backoff.succeeded()
        _ = backoff.failed("damaged", now: 80 * Self.second)
        #expect(backoff.nanosecondsLeft(now: 80 * Self.second) == Self.second)
    }
}
