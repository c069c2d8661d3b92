import PosthornModel
import PosthornText
import Testing

@Suite struct ClockSkewTests {
    private func sample(_ date: Int64, _ started: Int64, _ duration: Int64) -> Int64? {
        ClockSkew.sample(
            date: Timestamp(milliseconds: date),
            started: Timestamp(milliseconds: started),
            durationMilliseconds: duration
        )
    }

    @Test func clocksThatAgreeAreWithinHalfASecondAndHalfTheDuration() throws {
        // The receiver writes its date, cut off to the second, at any moment of the request.
        for started: Int64 in stride(from: 1_700_000_000_000, to: 1_700_000_002_000, by: 77) {
            for duration: Int64 in [0, 3, 250, 4000] {
                for written in [started, started + duration / 3, started + duration] {
                    let skew = try #require(sample(written / 1000 * 1000, started, duration))
                    #expect(abs(skew) <= 500 + duration / 2 + 1)
                }
            }
        }
    }

    @Test func aReceiverAheadIsPositive() {
        #expect(sample(1_700_000_300_000, 1_700_000_000_400, 200) == 300_000)
        #expect(sample(1_699_999_700_000, 1_700_000_000_400, 200) == -300_000)
        #expect(sample(1_700_000_300_000, 1_700_000_000_000, 60_000) == nil)
    }

    @Test func aFewWrongClocksDoNotCount() {
        #expect(ClockSkew(samples: []) == nil)
        #expect(ClockSkew(samples: [7]) == ClockSkew(milliseconds: 7, endpoints: 1))
        #expect(ClockSkew(samples: [-86_400_000, 10, 20, 30, 3_600_000]) == ClockSkew(milliseconds: 20, endpoints: 5))
        #expect(ClockSkew(samples: [10, 20]) == ClockSkew(milliseconds: 15, endpoints: 2))
    }
}
