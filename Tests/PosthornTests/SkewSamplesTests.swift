import PosthornModel
import PosthornText
import Testing

@testable import Posthorn

/// What receivers say of this machine's clock, and what of the history is old by that.
@Suite struct SkewSamplesTests {
    private static let day: Int64 = 86_400_000
    private let noon = Timestamp(milliseconds: 1_700_000_000_000)

    private func answer(at started: Timestamp, saying date: Timestamp?) -> AttemptOutcome {
        AttemptOutcome(started: started, durationMicroseconds: 2000, status: 200, receiverDate: date)
    }

    private func said(_ endpoints: Int) -> SkewSamples {
        var samples = SkewSamples()
        for endpoint in 0..<endpoints {
            let isNew = samples.saw(answer(at: noon, saying: noon), ofEndpoint: endpoint, at: noon, elapsed: 1000)
            #expect(isNew)
        }
        return samples
    }

    @Test func aClockThatIsSetIsNoticedBeforeTheNextAnswer() {
        let samples = said(100)
        #expect(SkewSamples().skew(at: noon, elapsed: 1000) == nil)
        #expect(samples.skew(at: noon, elapsed: 1000) == ClockSkew(milliseconds: 499, endpoints: 100))
        // An hour later, as it should be, and with a clock that is 400 days ahead by then.
        let later = noon.advanced(byMilliseconds: 3_600_000)
        #expect(samples.skew(at: later, elapsed: 3_601_000)?.milliseconds == 499)
        let ahead = later.advanced(byMilliseconds: 400 * Self.day)
        let skew = samples.skew(at: ahead, elapsed: 3_601_000)
        #expect(skew?.milliseconds == 499 - 400 * Self.day)
        #expect(RetentionRunner.moment(ahead, skew, unset: later) == later.advanced(byMilliseconds: 499))
    }

    @Test func withoutAWordAClockThatIsSetAheadIsNotBelieved() {
        let ahead = noon.advanced(byMilliseconds: 400 * Self.day)
        #expect(RetentionRunner.moment(ahead, nil, unset: noon) == noon)
        #expect(RetentionRunner.moment(noon, nil, unset: ahead) == noon)
        // One that is behind makes nothing older.
        #expect(RetentionRunner.moment(noon, ClockSkew(milliseconds: Self.day, endpoints: 1), unset: ahead) == noon)
    }

    @Test func anAnswerOfBeforeTheClockWasSetSaysNothing() {
        var samples = SkewSamples()
        let ahead = noon.advanced(byMilliseconds: 400 * Self.day)
        let isNew = samples.saw(answer(at: noon, saying: noon), ofEndpoint: 1, at: ahead, elapsed: 1000)
        #expect(!isNew && samples.skew(at: ahead, elapsed: 1000) == nil)
        let isDated = samples.saw(answer(at: noon, saying: nil), ofEndpoint: 1, at: noon, elapsed: 1000)
        #expect(!isDated)
    }

    @Test func anEndpointCountsOnceAndIsForgotten() {
        var samples = said(3)
        let isNew = samples.saw(answer(at: noon, saying: noon.advanced(byMilliseconds: 5000)), ofEndpoint: 2, at: noon, elapsed: 1000)
        #expect(!isNew)
        #expect(samples.skew(at: noon, elapsed: 1000) == ClockSkew(milliseconds: 499, endpoints: 3))
        for endpoint in 0..<3 { samples.forget(endpoint) }
        #expect(samples.skew(at: noon, elapsed: 1000) == nil)
    }
}
