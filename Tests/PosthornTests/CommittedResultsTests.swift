import PosthornModel
import PosthornStore
import PosthornText
import Testing

@testable import Posthorn

@Suite struct CommittedResultsTests {
    @Test func deliveriesAreCountedByTheStateThatTheyHaveNow() {
        let states: [DeliveryState] = [.delivered, .pending, .exhausted, .delivered, .held, .cancelled, .delivered]
        let records = states.enumerated().map { number, state in
            AttemptRecord(
                delivery: Int64(number),
                number: 1,
                outcome: AttemptOutcome(started: Timestamp(milliseconds: 0), durationMicroseconds: 0, error: .timeout),
                transition: Transition(state: state, attempts: 1, nextAttemptAt: nil)
            )
        }
        let results = CommittedResults([], records)
        #expect(results.count == 7)
        #expect(results.delivered == 3)
        #expect(results.exhausted == 1)
    }
}
