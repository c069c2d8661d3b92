import PosthornBenchReports
import Testing

@Suite struct OpenScheduleTests {
    @Test func eventsAreDueAtAnEvenPaceWithoutDrift() {
        let schedule = OpenSchedule(start: 1000, perSecond: 3)
        #expect(schedule.due(0) == 1000)
        #expect(schedule.due(1) == 333_334_333)
        #expect(schedule.due(3_000_000) == 1_000_000_000_001_000)
        #expect(schedule.count(seconds: 10) == 30)
        #expect(OpenSchedule(start: 0, perSecond: 0.01).count(seconds: 1) == 1)
    }

    private func marks(_ bytes: [UInt8]) -> [Int64] {
        var found: [Int64] = []
        bytes.withUnsafeBytes { DueMark.find(in: $0) { found.append($0) } }
        return found
    }

    @Test func theMarkOfEveryRequestInAReadIsFound() {
        let body = #"{"type":"a","data":"# + String(decoding: DueMark.data(at: 123_456_789, bytes: 100), as: UTF8.self) + "}"
        let request = "POST / HTTP/1.1\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
        #expect(marks(Array((request + request).utf8)) == [123_456_789, 123_456_789])
        #expect(marks(Array(#"{"data":{"that":5,"ats":6},"pad":"at"}"#.utf8)).isEmpty)
        #expect(marks([]).isEmpty)
        #expect(marks(Array(#""at":"#.utf8)).isEmpty)
        #expect(marks(Array(#""at":7"#.utf8)) == [7])
    }

    @Test func dataHasTheSizeThatWasAskedFor() {
        #expect(DueMark.data(at: 1, bytes: 1200).count == 1200)
        #expect(String(decoding: DueMark.data(at: 1, bytes: 0), as: UTF8.self) == #"{"at":1,"pad":""}"#)
    }
}
