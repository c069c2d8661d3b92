import PosthornModel
import PosthornText
import Testing

@testable import Posthorn

@Suite struct HeartbeatMeterTests {
    private func moment(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: 1_700_000_000_000 + milliseconds) }

    @Test func aReadingIsWrittenOnceASecond() {
        var meter = HeartbeatMeter()
        #expect(meter.reading(at: moment(0), inFlight: 3)?.inFlight == 3)
        #expect(meter.reading(at: moment(999), inFlight: 4) == nil)
        #expect(meter.reading(at: moment(999), inFlight: 4, isForced: true)?.inFlight == 4)
        #expect(meter.reading(at: moment(1998), inFlight: 5) == nil)
        #expect(meter.reading(at: moment(1999), inFlight: 5)?.inFlight == 5)
    }

    /// The engine sleeps afterwards, so that a request would seem to be under way for as long as nothing happens.
    @Test func theEndOfTheLastRequestIsWrittenAtOnce() {
        var meter = HeartbeatMeter()
        _ = meter.reading(at: moment(0), inFlight: 1)
        meter.count(attempts: 1, delivered: 0)
        #expect(meter.reading(at: moment(5), inFlight: 0)?.inFlight == 0)
        #expect(meter.reading(at: moment(10), inFlight: 0) == nil)
    }

    @Test func ratesAreThoseOfTheLastTenSeconds() {
        var meter = HeartbeatMeter()
        _ = meter.reading(at: moment(0), inFlight: 0)
        meter.count(attempts: 20, delivered: 20)
        let reading = meter.reading(at: moment(2000), inFlight: 0)
        #expect(reading?.attemptsPerSecond == 10 && reading?.deliveredPerSecond == 10)
        #expect(meter.reading(at: moment(20_000), inFlight: 0)?.attemptsPerSecond == 0)
    }
}
