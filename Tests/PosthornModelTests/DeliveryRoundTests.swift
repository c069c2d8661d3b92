import PosthornModel
import Testing
import PosthornText

/// What a retry by hand does to a delivery's schedule: it adds attempts and takes none away.
@Suite struct DeliveryRoundTests {
    private let start = Timestamp(milliseconds: 1_000_000)

    private func moment(_ milliseconds: Int64) -> Timestamp { start.advanced(byMilliseconds: milliseconds) }

    private func retried(
        _ round: DeliveryRound = DeliveryRound(),
        _ state: DeliveryState = .pending,
        attempts: Int,
        due: Timestamp? = nil,
        wholeRound: Bool = false,
        at now: Timestamp
    ) -> (round: DeliveryRound, due: Timestamp)? {
        round.retriedByHand(state: state, attempts: attempts, due: due, wholeRound: wholeRound, scheduleAttempts: 5, at: now)
    }

    private func failed(_ attempt: Int, _ round: DeliveryRound, at started: Timestamp, retryAfter: Int64? = nil) -> Transition {
        Transition.after(
            attempt: attempt,
            round: round,
            started: started,
            ended: started.advanced(byMilliseconds: 40),
            succeeded: false,
            retryAfterMilliseconds: retryAfter,
            schedule: .standard
        )
    }

    @Test func anAttemptByHandGoesBeforeTheSchedules() throws {
        let first = try #require(retried(attempts: 1, due: moment(60_000), at: moment(1000)))
        #expect(first.round == DeliveryRound(base: 0, scheduledAt: moment(60_000)) && first.due == moment(1000))
        let next = failed(2, first.round, at: moment(1001))
        #expect(next == Transition(state: .pending, attempts: 2, nextAttemptAt: moment(60_000), roundStartAttempt: 1))
        // The schedule's second attempt, then, with the gap to its third.
        #expect(failed(3, DeliveryRound(base: 1), at: moment(60_000)).nextAttemptAt == moment(600_000))
    }

    @Test func askedTwiceItIsOneAttemptAndTheScheduleStays() throws {
        let first = try #require(retried(attempts: 2, due: moment(60_000), at: moment(1000)))
        let second = try #require(retried(first.round, attempts: 2, due: first.due, at: moment(1500)))
        #expect(second.round == first.round && second.due == first.due)
    }

    @Test func retryOfADueDeliveryIsTheScheduledAttempt() throws {
        let late = try #require(retried(attempts: 1, due: moment(-5), at: start))
        #expect(late.round == DeliveryRound() && late.due == moment(-5))
    }

    /// The program was down meanwhile: the attempt that comes is the schedule's, so that not two come at once.
    @Test func anAttemptByHandThatComesAfterTheSchedulesTimeIsTheSchedules() {
        let round = DeliveryRound(base: 0, scheduledAt: moment(60_000))
        #expect(failed(2, round, at: moment(60_000)) == Transition(state: .pending, attempts: 2, nextAttemptAt: moment(600_000)))
        #expect(failed(2, round, at: moment(59_999)).roundStartAttempt == 1)
    }

    @Test func anExhaustedOneGetsOneAttemptWhateverTheLengthOfItsSchedule() throws {
        for attempts in [1, 3, 5, 9] {
            let one = try #require(retried(DeliveryRound(), .exhausted, attempts: attempts, at: start))
            #expect(one.due == start && attempts >= one.round.base)
            #expect(failed(attempts + 1, one.round, at: start).state == .exhausted)
        }
    }

    @Test(arguments: [DeliveryState.pending, .exhausted]) func aWholeRoundStartsAtItsBeginning(_ state: DeliveryState) throws {
        let waiting = DeliveryRound(base: 1, scheduledAt: moment(60_000))
        let (round, due) = try #require(retried(waiting, state, attempts: 3, due: start, wholeRound: true, at: start))
        #expect(round == DeliveryRound(base: 3) && due == start)
        #expect(failed(4, round, at: start).nextAttemptAt == moment(60_000))
    }

    @Test func noOtherStateAllowsOne() {
        for state in DeliveryState.allCases where state != .pending && state != .exhausted {
            for wholeRound in [false, true] {
                #expect(retried(DeliveryRound(), state, attempts: 1, wholeRound: wholeRound, at: start) == nil)
            }
        }
    }

    @Test func retryAfterHoldsAfterAnAttemptByHandToo() {
        let round = DeliveryRound(base: 0, scheduledAt: moment(60_000))
        #expect(failed(2, round, at: moment(1000), retryAfter: 120_000).nextAttemptAt == moment(121_040))
        #expect(failed(2, round, at: moment(1000), retryAfter: 10).nextAttemptAt == moment(60_000))
    }

    /// Whatever is asked for by hand and whenever, the schedule's attempts come at their times, and all of them.
    @Test(arguments: 0..<200 as Range<UInt64>) func theScheduleIsKeptThroughAnyRetriesByHand(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var (round, due, attempts) = (DeliveryRound(), start, 0)
        var (scheduled, byHand): ([Timestamp], Int) = ([], 0)
        var now = start
        while attempts < 1000 {
            // Somebody asks now and then, before the next attempt is due.
            if attempts > 0, byHand < 60, random.next() % 3 > 0 {
                let wait = max(0, due.milliseconds - now.milliseconds)
                now = now.advanced(byMilliseconds: Int64(random.next() % UInt64(wait + 1)))
                (round, due) = try #require(retried(round, attempts: attempts, due: due, at: now))
            }
            now = max(now, due)
            let isByHand = round.scheduledAt.map { now < $0 } ?? false
            if isByHand { byHand += 1 } else { scheduled.append(now) }
            attempts += 1
            let next = failed(attempts, round, at: now)
            round = DeliveryRound(base: next.roundStartAttempt ?? round.base)
            #expect(attempts >= round.base)
            guard let time = next.nextAttemptAt else { break }
            due = time
        }
        #expect(scheduled.map { $0.milliseconds - start.milliseconds } == RetrySchedule.standard.offsetsMilliseconds)
        #expect(attempts == 5 + byHand)
    }
}
