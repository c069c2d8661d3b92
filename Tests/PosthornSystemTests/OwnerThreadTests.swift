import PosthornSystem
import Synchronization
import Testing

@Suite struct OwnerThreadTests {
    @Test func theFirstThreadThatAsksIsTheOwner() throws {
        let owner = OwnerThread()
        let answers = Mutex<[Bool]>([])
        func ask() throws {
            try WorkerThread(name: "asks") { for _ in 0..<2 { answers.withLock { $0.append(owner.isCurrent) } } }.join()
        }
        try ask()
        #expect(!owner.isCurrent)
        #expect(answers.withLock { $0 } == [true, true])
    }

    @Test func eachHasItsOwn() {
        let (first, second) = (OwnerThread(), OwnerThread())
        #expect(first.isCurrent && second.isCurrent && first.isCurrent)
    }
}
