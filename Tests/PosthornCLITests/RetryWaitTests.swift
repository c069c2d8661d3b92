import PosthornModel
import PosthornStore
import PosthornText
import Testing

@testable import PosthornCLI

/// What `retry` says of deliveries that are due and are not sent now.
@Suite struct RetryWaitTests {
    private let until = Timestamp(milliseconds: 1_594_816_394_000)

    private func waits(_ state: EndpointState, fault: String? = nil, throttled: Bool = false) -> [RetryWait] {
        RetryWait.all(
            ["crm": RetryReport.Endpoint(state: state, deliveries: 2)],
            fault.map { ["crm": $0] } ?? [:],
            throttled ? ["crm": until] : [:]
        )
    }

    @Test func aThrottledEndpointIsNamedWithItsTime() throws {
        let wait = try #require(waits(.active, throttled: true).first)
        #expect(!wait.isHeld && wait.deliveries == 2)
        #expect(
            wait.sentence == "2 deliveries of endpoint crm wait, not sent, because its receiver has asked to be left alone until "
                + "\(until); from then on they go out bit by bit\n"
        )
    }

    @Test func holdsAreNamedBeforeDelays() {
        #expect(waits(.disabled, throttled: true).map(\.isHeld) == [true])
        #expect(waits(.active, fault: "no key", throttled: true).map(\.isHeld) == [true])
        #expect(waits(.active).isEmpty)
    }
}
