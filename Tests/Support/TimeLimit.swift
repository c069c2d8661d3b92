import Glibc
import PosthornSystem
import Synchronization
public import Testing

/// Ends the run when a test takes longer than it may, and says which test it was.
///
/// A test that waits for what never comes would otherwise end nothing and say nothing: Swift Testing's own limit has whole
/// minutes, and cannot end a test that blocks its thread. Waits have limits of their own, below this one, wherever they can.
public struct TimeLimit: TestTrait, SuiteTrait, TestScoping {
    let seconds: Int

    /// Of a suite, each test has the limit for itself.
    public var isRecursive: Bool { true }

    /// Runs a test under watch.
    public func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        let (isOver, waker) = (Flag(), try Waker())
        let end = MonotonicClock.nanoseconds() + Int64(seconds) * 1_000_000_000
        let watchdog = try WorkerThread(name: "time-limit") { [seconds] in
            while !isOver.value.load(ordering: .acquiring) {
                let left = (end - MonotonicClock.nanoseconds()) / 1_000_000
                if left <= 0 {
                    print("time limit: \(test.id) has not ended after \(seconds) seconds")
                    fflush(nil)
                    _exit(1)
                }
                waker.wait(milliseconds: left)
            }
        }
        defer {
            isOver.value.store(true, ordering: .releasing)
            waker.signal()
            watchdog.join()
        }
        try await function()
    }

    private final class Flag: Sendable { let value = Atomic(false) }
}

extension Trait where Self == TimeLimit {
    /// A limit for each test. The usual one is above what the whole suite takes on a busy machine: a test that awaits something gets a
    /// thread again only when others have had theirs, so its own time says little.
    public static func limited(seconds: Int = 900) -> Self { TimeLimit(seconds: seconds) }
}
