import Testing

@testable import PosthornLab
@testable import PosthornSystem

@Suite struct GeneratorTimeTests {
    /// - Parameters: Milliseconds of a second.
    private func time(running: Int64, waiting: Int64) -> GeneratorTime {
        let start = ThreadTime(monotonic: 5, running: 7, waiting: 9)
        let end = ThreadTime(monotonic: 1_000_000_005, running: 7 + running * 1_000_000, waiting: 9 + waiting * 1_000_000)
        return GeneratorTime(from: start, to: end)
    }

    @Test func aThreadThatRunsAllTheTimeOrIsNotLetRunIsSaturated() {
        #expect(!time(running: 0, waiting: 0).isSaturated)
        #expect(!time(running: 800, waiting: 50).isSaturated)
        #expect(time(running: 950, waiting: 0).isSaturated)
        #expect(time(running: 850, waiting: 60).isSaturated)
        // A tenth of its work to do, and no core to do it on.
        #expect(time(running: 100, waiting: 700).isSaturated)
    }

    @Test func ofSeveralThreadsTheOneWithTheLeastLeftCounts() {
        let most = max(time(running: 100, waiting: 500), time(running: 300, waiting: 0))
        #expect(most == time(running: 100, waiting: 500) && most.running == 0.1 && most.waiting == 0.5)
    }

    @Test func theKernelsAccountIsReadAndMayBeMissing() {
        #expect(ThreadTime.waiting(inAccount: "46622286 71759181 31\n") == 71_759_181)
        #expect(ThreadTime.waiting(inAccount: "") == 0)
        #expect(ThreadTime.waiting(inAccount: "1 2") == 0)
        let (first, last) = (ThreadTime.now(), ThreadTime.now())
        #expect(last.monotonic >= first.monotonic && last.running >= first.running && last.waiting >= first.waiting)
    }
}
