import Posthorn
import PosthornModel
import PosthornTestSupport
import Testing

@testable import PosthornLab

@Suite(.limited()) struct SimulationProgressTests {
    private func engines(attempts: Int, delivered: Int, exhausted: Int = 0, claimed: Int = 0) -> EngineStatistics {
        var counts = EngineStatistics()
        (counts.attempts, counts.delivered, counts.exhausted, counts.claimed) = (attempts, delivered, exhausted, claimed)
        return counts
    }

    private func progress(_ deliveries: Int, _ engines: EngineStatistics) -> SimulationProgress {
        SimulationProgress(events: deliveries, plannedEvents: 100, deliveries: deliveries, engines: engines)
    }

    @Test func unfinishedRequestsOffTheWireCountAsRetries() {
        let half = progress(10, engines(attempts: 9, delivered: 5, exhausted: 1, claimed: 1))
        #expect(half.answered == 5 && half.failedAttempts == 4 && half.retriesWaiting == 3)
        #expect(half.events == 10 && half.plannedEvents == 100)
    }

    @Test func untriedDeliveriesDoNotCountAsRetries() {
        #expect(progress(10, engines(attempts: 0, delivered: 0)).retriesWaiting == 0)
        #expect(progress(10, engines(attempts: 6, delivered: 5)).retriesWaiting == 1)
    }

    /// Deliveries that stood in the outbox before are delivered too.
    @Test func olderDeliveriesMakeNoCountNegative() {
        #expect(progress(2, engines(attempts: 9, delivered: 7)).retriesWaiting == 0)
    }
}
