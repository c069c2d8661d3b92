import Posthorn
import PosthornModel
import PosthornStore
import Testing

@testable import PosthornLab

/// What a run says of itself where its outbox was used before.
@Suite struct SimulationResultTests {
    private static func status(_ deliveries: [DeliveryState: Int64], mails: [MailState: Int64] = [:]) -> OutboxStatus {
        var status = OutboxStatus()
        (status.deliveries, status.mails.counts) = (deliveries, mails)
        return status
    }

    private static func result(
        _ before: [OutboxStatus],
        _ after: [OutboxStatus],
        emitted: Int = 10,
        known: Int = 0,
        wasStopped: Bool = false
    ) -> SimulationResult {
        SimulationResult(
            before: before,
            after: after,
            planned: 10,
            emitted: emitted,
            wasStopped: wasStopped,
            known: known,
            [],
            EngineStatistics(),
            nil
        )
    }

    @Test func whatEndedInEarlierRunsIsNotCounted() {
        let before = Self.status([.delivered: 100, .exhausted: 7, .held: 3], mails: [.sent: 2, .refused: 1])
        let after = Self.status([.delivered: 109, .exhausted: 8, .held: 3], mails: [.sent: 3, .refused: 1])
        let result = Self.result([before], [after], known: 2)
        #expect(result.deliveries.filter { $0.value > 0 } == [.delivered: 9, .exhausted: 1] && result.leftOver == 0)
        #expect(result.events == 8 && result.mails.filter { $0.value > 0 } == [.sent: 1])
    }

    /// They ended in this run, however they did, and are said to be others.
    @Test func whatHadWaitedIsCountedAndNamed() {
        let before = Self.status([.delivered: 5, .pending: 3, .held: 4])
        let after = Self.status([.delivered: 14, .exhausted: 2, .pending: 2, .held: 3])
        let result = Self.result([before], [after], wasStopped: true)
        #expect(result.deliveries.filter { $0.value > 0 } == [.delivered: 9, .exhausted: 2, .pending: 2])
        #expect(result.leftOver == 4 && result.wasStopped)
    }

    /// Old deliveries may be pruned meanwhile.
    @Test func noCountIsNegative() {
        let result = Self.result([Self.status([.delivered: 50])], [Self.status([.delivered: 10])])
        #expect(result.deliveries == [.delivered: 0])
    }

    @Test func bothOutboxesAreAddedUp() {
        let empty = Self.status([:])
        let result = Self.result([Self.status([.delivered: 1]), empty], [Self.status([.delivered: 4]), Self.status([.delivered: 2])])
        #expect(result.deliveries == [.delivered: 5])
    }
}
