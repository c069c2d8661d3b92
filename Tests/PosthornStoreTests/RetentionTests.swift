import PosthornModel
import PosthornStore
import PosthornText
import Testing

/// What `prune` may delete.
@Suite struct RetentionTests {
    private let cutoff = Timestamp(milliseconds: 1_000_000)
    private var retention: Retention { Retention(settledBefore: cutoff) }
    private var before: Timestamp { cutoff.advanced(byMilliseconds: -1) }

    private func event(
        created: Timestamp? = nil,
        waitsForFanOut: Bool = false,
        isNewest: Bool = false,
        _ deliveries: (DeliveryState, Timestamp?)...
    ) -> EventHistory {
        EventHistory(
            seq: 1,
            created: created ?? before,
            waitsForFanOut: waitsForFanOut,
            isNewest: isNewest,
            deliveries: deliveries.map { EventHistory.Delivery(id: 1, state: $0.0, lastAttempt: $0.1) }
        )
    }

    @Test(arguments: DeliveryState.allCases)
    func oneDeliveryThatMayStillGoOutKeepsItsEvent(_ state: DeliveryState) {
        #expect(retention.permits(event((.delivered, before), (state, before))) == [.delivered, .exhausted, .cancelled].contains(state))
    }

    @Test func theLastAttemptOfEachDeliveryCounts() {
        #expect(retention.permits(event(created: cutoff, (.delivered, before))))
        #expect(!retention.permits(event((.delivered, before), (.exhausted, cutoff))))
        // One that was cancelled before its first attempt is as old as the event.
        #expect(retention.permits(event((.cancelled, nil))))
        #expect(!retention.permits(event(created: cutoff, (.cancelled, nil))))
    }

    @Test func anEventThatNobodyGetsGoesByItsAge() {
        #expect(retention.permits(event()))
        #expect(!retention.permits(event(created: cutoff)))
        #expect(!retention.permits(event(waitsForFanOut: true)))
    }

    @Test func theNewestNumbersStay() {
        #expect(!retention.permits(event(isNewest: true, (.delivered, before))))
        #expect(!retention.permits(RemovedEndpoint(key: 1, removed: before, isInUse: false, isNewest: true)))
    }

    @Test func aRemovedEndpointGoesOnceNothingOfItIsLeft() {
        #expect(retention.permits(RemovedEndpoint(key: 1, removed: before, isInUse: false, isNewest: false)))
        #expect(!retention.permits(RemovedEndpoint(key: 1, removed: cutoff, isInUse: false, isNewest: false)))
        #expect(!retention.permits(RemovedEndpoint(key: 1, removed: before, isInUse: true, isNewest: false)))
    }
}
