import PosthornModel
import Testing

@testable import PosthornAPI

/// What streams go on with, decided without a socket.
@Suite struct StreamLogTests {
    private func entry(_ number: Int) -> SettledDelivery {
        SettledDelivery(
            delivery: Int64(number),
            event: "e",
            type: "T",
            node: "s1",
            endpoint: "a",
            state: .delivered,
            attempt: 1,
            status: 200,
            error: nil
        )
    }

    private func log(_ count: Int, limit: Int = 4) -> StreamLog {
        var log = StreamLog(limit: limit)
        for number in 1...count { log.add(entry(number)) }
        return log
    }

    @Test func aReaderGetsEachOnceInItsOrder() {
        let log = log(3)
        let all = log.read(from: 1, limit: 10)
        #expect(all.first == 1 && all.lost == 0 && all.entries.map(\.delivery) == [1, 2, 3])
        #expect(log.read(from: 2, limit: 1).entries.map(\.delivery) == [2])
        let none = log.read(from: log.next, limit: 10)
        #expect(none.first == 4 && none.entries.isEmpty)
    }

    @Test func entriesThatAreTooOldAreDroppedAndCounted() {
        let log = log(20)
        let rest = log.read(from: 3, limit: 100)
        #expect(rest.entries.last?.delivery == 20 && rest.lost == rest.first - 3 && rest.entries.count >= 4 && rest.entries.count < 8)
        #expect(rest.entries.first?.delivery == Int64(rest.first))
        #expect(!log.has(3) && log.has(rest.first) && log.has(log.next) && !log.has(log.next + 1))
    }

    @Test func updatesTheEngineLeftOutCountAsLost() {
        var log = log(2)
        log.skip(5)
        log.add(entry(8))
        let rest = log.read(from: 2, limit: 10)
        #expect(rest.lost == 6 && rest.entries.map(\.delivery) == [8] && rest.first == 8)
        log.skip(0)
        #expect(log.read(from: 8, limit: 10).entries.count == 1)
    }

    @Test func aPositionIsReadAsItWasSent() {
        let position = StreamPosition(run: "0123456789ab", number: 42)
        #expect(StreamPosition(position.text) == position)
        for wrong in ["", "x", "a-b", "a-1-2", "a--1", "a-9223372036854775807", "-1"] { #expect(StreamPosition(wrong) == nil, "\(wrong)") }
    }
}
