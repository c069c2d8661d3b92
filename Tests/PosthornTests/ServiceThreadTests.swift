import PosthornSystem
import PosthornTestSupport
import Testing

@testable import Posthorn

@Suite(.limited()) struct ServiceThreadTests {
    private let thread: ServiceThread

    init() throws { thread = try ServiceThread(name: "test-service", clock: SystemClock()) }

    @Test func joiningAServiceThatNeverStartedReturns() {
        thread.order(.stop)
        thread.join(within: 600_000)
        #expect(!thread.isCut)
    }

    @Test func aStopCountsOverEveryOtherOrder() {
        thread.order(.finish)
        #expect(thread.order == .finish)
        thread.order(.stop)
        thread.order(.finish)
        thread.order(.work)
        #expect(thread.order == .stop)
    }

    @Test func anOrderWakesTheThreadAndTheJoinWaitsForItsEnd() throws {
        try thread.start { [thread] in
            while thread.order == .work { thread.sleep(milliseconds: nil) }
        }
        thread.order(.stop)
        thread.join(within: 600_000)
        #expect(!thread.isCut)
    }

    /// Without a stop the time of a join does not begin.
    @Test func aServiceThatFinishesInTimeIsNotCut() throws {
        try thread.start { [thread] in
            while thread.order == .work { thread.sleep(milliseconds: nil) }
        }
        thread.order(.finish)
        thread.join(within: 0)
        #expect(!thread.isCut)
    }

    @Test func workBeyondItsTimeIsCut() throws {
        try thread.start { [thread] in
            while !thread.isCut { thread.sleep(milliseconds: nil) }
        }
        thread.order(.stop)
        thread.join(within: 1)
        #expect(thread.isCut)
    }

    /// Whether the stop comes before the join waits or while it does.
    @Test func aStopBoundsAJoinThatWaitsForTheFinish() throws {
        try thread.start { [thread] in
            while !thread.isCut { thread.sleep(milliseconds: nil) }
        }
        thread.order(.finish)
        let stopper = try WorkerThread(name: "test-stop") { [thread] in thread.order(.stop) }
        thread.join(within: 1)
        stopper.join()
        #expect(thread.isCut)
    }
}
