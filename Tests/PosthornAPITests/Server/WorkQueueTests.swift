import Dispatch
import Synchronization
import Testing

@testable import PosthornAPI

@Suite struct WorkQueueTests {
    private final class Book: Sendable {
        private let names = Mutex<[String]>([])

        var all: [String] { names.withLock { $0 } }

        func note(_ name: String) { names.withLock { $0.append(name) } }
    }

    @Test func thoseWhoAskTakeTurns() throws {
        let queue = try WorkQueue(name: "test", threads: 0, limit: 100, limitEach: 10)
        let book = Book()
        for number in 0..<3 { #expect(queue.submit(for: "a") { book.note("a\(number)") }) }
        for asker in ["b", "c"] { #expect(queue.submit(for: asker) { book.note(asker) }) }
        while queue.runNext() {}
        #expect(book.all == ["a0", "b", "c", "a1", "a2"])
    }

    @Test func oneWhoAsksForTooMuchIsRefusedAndNobodyElse() throws {
        let queue = try WorkQueue(name: "test", threads: 0, limit: 5, limitEach: 3)
        for _ in 0..<3 { #expect(queue.submit(for: "a") {}) }
        #expect(!queue.submit(for: "a") {})
        #expect(queue.submit(for: "b") {} && queue.submit(for: "b") {})
        #expect(!queue.submit(for: "c") {})
        queue.runNext()
        #expect(queue.submit(for: "a") {})
    }

    @Test func oneWhoHasSoManyUnderWayWaitsAndNobodyElse() throws {
        let queue = try WorkQueue(name: "test", threads: 3, limit: 100, limitEach: 10, runningEach: 1)
        let (gate, done) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let book = Book()
        for number in 0..<3 {
            #expect(
                queue.submit(for: "a") {
                    book.note("a\(number)")
                    gate.wait()
                    done.signal()
                }
            )
        }
        #expect(
            queue.submit(for: "b") {
                book.note("b")
                done.signal()
            }
        )
        done.wait()
        #expect(book.all.sorted() == ["a0", "b"])
        for _ in 0..<3 { gate.signal() }
        for _ in 0..<3 { done.wait() }
        #expect(book.all.filter { $0 != "b" } == ["a0", "a1", "a2"])
        queue.close()
    }

    @Test func waitingWorkIsDoneBeforeTheEnd() throws {
        let queue = try WorkQueue(name: "test", threads: 2, limit: 100, limitEach: 100)
        let book = Book()
        for number in 0..<50 { #expect(queue.submit(for: "a") { book.note("\(number)") }) }
        queue.close()
        #expect(book.all.count == 50)
        #expect(!queue.submit(for: "a") {})
    }
}
