import PosthornModel
import PosthornText
import Testing

@Suite struct RetryScheduleTests {
    private let start = Timestamp(milliseconds: 1_000_000)

    private func after(
        _ attempt: Int,
        base: Int = 0,
        scheduled: Timestamp? = nil,
        startedLate late: Int64 = 0,
        retryAfter: Int64? = nil,
        succeeded: Bool = false,
        isFinal: Bool = false,
        speed: Double = 1,
        active: Bool = true
    ) -> Transition {
        let started = start.advanced(byMilliseconds: late)
        return Transition.after(
            attempt: attempt,
            round: DeliveryRound(base: base, scheduledAt: scheduled),
            started: started,
            ended: started.advanced(byMilliseconds: 40),
            succeeded: succeeded,
            isFinal: isFinal,
            retryAfterMilliseconds: retryAfter,
            schedule: .standard,
            speed: speed,
            endpointIsActive: active
        )
    }

    @Test func aDeliveryOnTimeIsTriedAtExactlyTheOffsets() {
        var now: Int64 = 0
        var offsets: [Int64] = [0]
        for attempt in 1...4 {
            let next = Transition.after(
                attempt: attempt,
                round: DeliveryRound(),
                started: Timestamp(milliseconds: now),
                ended: Timestamp(milliseconds: now + 900),
                succeeded: false,
                schedule: .standard
            )
            #expect(next.state == .pending)
            now = next.nextAttemptAt?.milliseconds ?? -1
            offsets.append(now)
        }
        #expect(offsets == [0, 60_000, 600_000, 3_600_000, 86_400_000])
        #expect(after(5) == Transition(state: .exhausted, attempts: 5, nextAttemptAt: nil))
    }

    @Test func aLateAttemptNeverComesCloserThanTheGap() {
        #expect(after(2, startedLate: 7_200_000).nextAttemptAt == start.advanced(byMilliseconds: 7_200_000 + 540_000))
    }

    @Test func successEndsItWhateverTheNumber() {
        for attempt in [1, 5, 17] { #expect(after(attempt, succeeded: true).state == .delivered) }
    }

    @Test func anAttemptThatNoOtherCanBetterIsTheLast() {
        #expect(after(1, isFinal: true) == Transition(state: .exhausted, attempts: 1, nextAttemptAt: nil))
        #expect(after(1, isFinal: true, active: false).state == .exhausted)
        #expect(AttemptError.allCases.filter(\.isFinal) == [.unbuildable])
    }

    @Test func retryAfterPutsOffAndNeverBringsForward() {
        #expect(after(1, retryAfter: 1000).nextAttemptAt == start.advanced(byMilliseconds: 60_000))
        #expect(after(1, retryAfter: 120_000).nextAttemptAt == start.advanced(byMilliseconds: 120_040))
        #expect(after(1, retryAfter: .max).nextAttemptAt == start.advanced(byMilliseconds: 86_400_040))
    }

    @Test func aReceiversSecondsAreRealOnesAtAnySpeed() {
        #expect(after(1, retryAfter: 120_000, speed: 3600).nextAttemptAt == start.advanced(byMilliseconds: 120_040))
    }

    @Test func speedDividesTheGapsAndRoundsUp() {
        #expect(after(1, speed: 3600).nextAttemptAt == start.advanced(byMilliseconds: 17))
        #expect(after(4, speed: 3600).nextAttemptAt == start.advanced(byMilliseconds: 23_000))
    }

    @Test(arguments: [1e-9, 1e-300, 0, .nan]) func noSpeedIsTooLowToBeCalculatedWith(speed: Double) {
        #expect(after(4, speed: speed).nextAttemptAt.map { $0 >= start } == true)
        #expect(Transition.scaled(86_400_000, 1e-300) == 1_000_000_000_000_000)
    }

    @Test func aFailureWhileTheEndpointIsOffIsHeldUntilItsTime() {
        let held = after(1, active: false)
        #expect(held.state == .held)
        #expect(held.nextAttemptAt == start.advanced(byMilliseconds: 60_000))
    }

    @Test func aRetryByHandIsTheLastOfItsRound() {
        #expect(after(6, base: 1).state == .exhausted)
        #expect(after(6, base: 5).nextAttemptAt == start.advanced(byMilliseconds: 60_000))
        #expect(after(10, base: 5).state == .exhausted)
    }

    @Test func offsetsAreReadFromTexts() throws {
        #expect(try RetrySchedule(["0", "1m", "10m", "1h", "24h"]) == .standard)
        #expect(try RetrySchedule(["0", "250ms", "1.5s", "7d"]).offsetsMilliseconds == [0, 250, 1500, 604_800_000])
    }

    @Test(arguments: [
        [], ["1m"], ["0", "5"], ["0", "1m", "1m"], ["0", "2m", "1m"], ["0", "-1s"], ["0", "400d"], ["0", "1y"], ["0", "m"],
    ])
    func aTableThatCannotWorkIsRefused(_ texts: [String]) {
        #expect(throws: InputProblem.self) { try RetrySchedule(texts) }
    }
}

@Suite struct DeliveryStateTests {
    @Test func theLegalMovesAreThoseOfTheDiagram() {
        let moves = Set(DeliveryState.allCases.flatMap { from in from.legalMoves.map { "\(from)>\($0)" } })
        #expect(
            moves == [
                "pending>delivered", "pending>exhausted", "pending>held", "pending>cancelled", "held>pending", "held>delivered",
                "held>exhausted", "held>cancelled", "exhausted>pending", "exhausted>cancelled", "delivered>pending",
            ]
        )
    }

    @Test func everyErrorHasASentence() {
        #expect(AttemptError.allCases.allSatisfy { $0.sentence.hasSuffix(".") })
        #expect(Set(AttemptError.allCases.map(\.sentence)).count == AttemptError.allCases.count)
    }
}
