import PosthornModel
import PosthornStore
import PosthornText
import Testing

/// Which of Posthorn's own events go out.
@Suite struct OwnEventRecordTests {
    private let now = Timestamp(milliseconds: 1_000_000_000)

    private func later(_ milliseconds: Int64) -> Timestamp { now.advanced(byMilliseconds: milliseconds) }

    private static func take(_ record: inout OwnEventRecord, _ type: OwnEventType, _ isOrdinary: Bool = true, at now: Timestamp) -> Bool {
        record.takes(type, isOrdinary: isOrdinary, at: now)
    }

    @Test func eachStateIsToldOnceAndRecoveryOnlyAfterIt() {
        var record = OwnEventRecord(at: now)
        var told = [Self.take(&record, .endpointRecovered, at: now)]
        for type in [OwnEventType.endpointFailing, .endpointSuspended, .endpointDisabled, .endpointRecovered] {
            for _ in 0..<2 { told.append(Self.take(&record, type, at: now)) }
        }
        #expect(told == [false, true, false, true, false, true, false, true, false] && record.told == nil)
    }

    @Test func whatOwnEventsAloneBringAboutIsNotToldUnlessItsStartWas() {
        var record = OwnEventRecord(at: now)
        let first = Self.take(&record, .endpointFailing, false, at: now)
        #expect(!first && record.told == nil)
        let ordinary = Self.take(&record, .endpointFailing, at: now)
        let next = Self.take(&record, .endpointSuspended, false, at: now)
        #expect(ordinary && next)
    }

    @Test func failuresOfAnHourAreBoundedAndTheLastToldIsTrue() {
        var record = OwnEventRecord(at: now)
        var told = 0
        for round in 0..<100 {
            if Self.take(&record, .endpointFailing, at: later(Int64(round))) { told += 1 }
            let wasTold = record.told != nil
            let recovers = Self.take(&record, .endpointRecovered, at: later(Int64(round)))
            #expect(recovers == wasTold)
        }
        #expect(told == OwnEventRecord.healthLimit && record.told == nil)
        // Being disabled is told whatever came before, and a new hour begins anew, also on a clock that was put back.
        let last = [
            Self.take(&record, .endpointDisabled, at: later(200)), Self.take(&record, .endpointFailing, at: later(3_600_000)),
            Self.take(&record, .endpointSuspended, at: Timestamp(milliseconds: 0)),
        ]
        #expect(last == [true, true, true] && record.health == 1)
    }

    @Test func exhaustedOnesOfAnHourAreBoundedAndTheRestIsCounted() {
        var record = OwnEventRecord(at: now)
        let told = (0..<75).compactMap { _ in record.takesExhausted(at: now, hourMilliseconds: 1000) }
        #expect(told.count == OwnEventRecord.exhaustedLimit && told.allSatisfy { $0 == 0 })
        #expect(record.withheld == 15)
        let next = (0..<2).map { _ in record.takesExhausted(at: later(1000), hourMilliseconds: 1000) }
        #expect(next == [15, 0])
    }
}
