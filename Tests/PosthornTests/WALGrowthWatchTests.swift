import PosthornModel
import PosthornStore
import PosthornTestSupport
import Testing

@testable import Posthorn

/// Somebody reads the outbox and does not end: the log grows, and the operator is told before the disk is full.
@Suite(.limited()) struct WALGrowthWatchTests {
    private func told(_ bytes: [Int]) -> [String] {
        var watch = WALGrowthWatch()
        return bytes.map { amount in
            switch watch.update(amount) {
            case .logHeldBack(let held): "held \(held >> 20)"
            case .logReleased: "released"
            default: ""
            }
        }
    }

    @Test func logGrowthIsReportedAtTheThresholdAndAtEachDoubling() {
        #expect(told([0, 10 << 20, 63 << 20]) == ["", "", ""])
        #expect(told([64 << 20, 100 << 20, 128 << 20, 200 << 20]) == ["held 64", "", "held 128", ""])
    }

    @Test func theEndIsToldOnce() {
        #expect(told([100 << 20, 40 << 20, 0, 0, 70 << 20]) == ["held 100", "", "released", "", "held 70"])
    }

    @Test func anEngineTellsOfAReaderThatDoesNotEnd() throws {
        let bench = try EngineBench()
        try bench.apply([])
        let engine = try bench.engine()
        try engine.start()
        let reader = try PlatformConnection(bench.folder.file("outbox.db"))
        try reader.execute("BEGIN; SELECT count(*) FROM posthorn_delivery")
        let data = Array("{\"pad\":\"\(String(repeating: "y", count: 900_000))\"}".utf8)
        func emit(_ number: Int) throws {
            _ = try bench.outbox.emit(NewEvent(id: "e\(number)", type: "t", node: "s", data: data))
        }
        for number in 0..<90 { try emit(number) }
        #expect(
            bench.waitFor("a log that is held back") {
                if case .logHeldBack(let bytes) = $0 { bytes >= WALGrowthWatch.threshold } else { false }
            }
        )
        try reader.execute("COMMIT")
        // The next checkpoint comes with the next pages.
        for number in 90..<100 { try emit(number) }
        #expect(bench.waitFor("the log's release") { if case .logReleased = $0 { true } else { false } })
        try engine.stop()
    }
}
