import Dispatch
import Glibc
import PosthornModel
import PosthornText
@testable import PosthornSQLite
import PosthornStore
import PosthornSystem
import PosthornTestSupport
import Synchronization
import Testing

/// The writer's thread and who rides on it.
@Suite(.limited()) struct GroupCommitWriterTests {
    /// Whoever lets a participant go takes apart what it works with, so nothing of it may run from then on.
    @Test func detachReturnsWhenNoMethodOfTheParticipantRuns() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("outbox.db")
        let clock = TestClock()
        let store = try SQLiteStore(path: path, now: clock.now())
        let writer = try GroupCommitWriter(store: store, clock: clock)
        defer { writer.close() }
        for _ in 0..<20 {
            let participant = BusyParticipant()
            writer.attach(participant)
            participant.waitUntilBusy()
            writer.detach()
            participant.hasLeft.withLock { $0 = true }
            // Whatever was still going on has ended once the thread has done something else.
            try writer.perform { (_) throws(OutboxProblem) in }
            #expect(!participant.ranAfterLeaving.withLock { $0 })
        }
    }

    @Test func aCallFromInsideOfAChangeIsRefusedAndTheChangeGoesOn() throws {
        let folder = try TemporaryDirectory()
        let clock = TestClock()
        let writer = try GroupCommitWriter(store: try SQLiteStore(path: folder.file("outbox.db"), now: clock.now()), clock: clock)
        defer { writer.close() }
        let codes = try writer.perform { (store) throws(OutboxProblem) in
            var codes: [OutboxProblem.Code] = []
            do throws(OutboxProblem) { try writer.perform { (_) throws(OutboxProblem) in } } catch { codes.append(error.code) }
            do throws(OutboxProblem) { try writer.performAside { (_) throws(OutboxProblem) in } } catch { codes.append(error.code) }
            let event = Event(id: "e", type: "T", node: "n", created: clock.now(), data: Array("{}".utf8))
            _ = try store.accept([NewEventRow(event, createdByProducer: false, recipients: [])], at: clock.now())
            return codes
        }
        #expect(codes == [.refused, .refused])
        #expect(try writer.perform { (store) throws(OutboxProblem) in try store.event(1) != nil })
    }

    /// Who is answered may rely on the commit: what is answered is there for everybody else, and what is not committed fails.
    @Test func callersAreAnsweredAfterTheCommit() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("outbox.db")
        let clock = TestClock()
        let writer = try GroupCommitWriter(store: try SQLiteStore(path: path, now: clock.now()), clock: clock)
        defer { writer.close() }
        let seen = Mutex<Bool?>(nil)
        let answered = DispatchSemaphore(value: 0)
        writer.submit { (store) throws(OutboxProblem) in
            let event = Event(id: "e", type: "T", node: "n", created: clock.now(), data: Array("{}".utf8))
            _ = try store.accept([NewEventRow(event, createdByProducer: false, recipients: [])], at: clock.now())
        } done: { _ in
            let other = try? SQLiteStore(path: path, now: clock.now())
            seen.withLock { $0 = try? other?.knowsEvent("e") }
            answered.signal()
        }
        #expect(answered.wait(timeout: .now() + 30) == .success)
        #expect(seen.withLock { $0 } == true)
    }

    /// A close that comes while the last jobs wait is heard in the round that stores them, and nobody calls after it.
    @Test func closingWhileJobsWaitStoresThemAndEnds() throws {
        let folder = try TemporaryDirectory()
        let clock = TestClock()
        let store = try SQLiteStore(path: folder.file("outbox.db"), now: clock.now())
        let writer = try GroupCommitWriter(store: store, clock: clock)
        let hasBegun = DispatchSemaphore(value: 0)
        let storedCount = Mutex(0)
        writer.submit { (_) throws(OutboxProblem) in
            hasBegun.signal()
            while !writer.isClosing { sched_yield() }
        } done: { _ in
            storedCount.withLock { $0 += 1 }
        }
        #expect(hasBegun.wait(timeout: .now() + 30) == .success)
        // The next transaction's.
        writer.submit { (_) throws(OutboxProblem) in
        } done: { _ in
            storedCount.withLock { $0 += 1 }
        }
        let hasClosed = DispatchSemaphore(value: 0)
        let closing = try WorkerThread(name: "closing") {
            writer.close()
            hasClosed.signal()
        }
        let isOver = hasClosed.wait(timeout: .now() + 30) == .success
        #expect(isOver)
        // Left to the process's end where it hangs, so that the test fails instead.
        if isOver { closing.join() }
        #expect(storedCount.withLock { $0 } == 2)
    }

    @Test func lettingGoOfAClosedWritersPassengerEnds() throws {
        let folder = try TemporaryDirectory()
        let clock = TestClock()
        let store = try SQLiteStore(path: folder.file("outbox.db"), now: clock.now())
        let writer = try GroupCommitWriter(store: store, clock: clock)
        writer.close()
        writer.detach()
    }
}

/// Always has something to write, and takes its time after each commit.
private final class BusyParticipant: CommitParticipant {
    let hasLeft = Mutex(false)
    let ranAfterLeaving = Mutex(false)
    private let waker = try! Waker()

    func waitUntilBusy() { waker.wait(milliseconds: 30_000) }

    var hasPendingWrites: Bool { true }
    var prefersLargerBatch: Bool { false }
    var recordedCount: Int { 0 }
    func write(to store: any OutboxStore) throws(OutboxProblem) { waker.signal() }
    func committed() { linger() }
    func failed(_ problem: OutboxProblem) { linger() }
    func succeeded() -> Bool { false }
    func runCycle(_ store: any OutboxStore, foreignCommit: Bool) throws(OutboxProblem) -> Timestamp? {
        linger()
        return nil
    }

    /// Stays long enough for the other thread to go on, if it is let.
    private func linger() {
        let end = MonotonicClock.nanoseconds() + 3_000_000
        while MonotonicClock.nanoseconds() < end {
            sched_yield()
            if hasLeft.withLock({ $0 }) { ranAfterLeaving.withLock { $0 = true } }
        }
    }
}
