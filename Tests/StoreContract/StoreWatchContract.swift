import PosthornModel
import PosthornStore
import PosthornSystem
import Testing

extension StoreContract {
    static let watchRules: [Rule] = [
        Rule("a watch over an outbox that is in place has nothing to say, and can be woken") { try $0.watchIsCalm() }
    ]

    private func watchIsCalm() throws {
        let store = try open()
        let watch = store.makeWatch()
        #expect(watch.problem() == nil)
        #expect(try store.join(alone: false))
        let owners = store.makeWatch()
        #expect(owners.problem() == nil)
        let waker = try Waker()
        waker.signal()
        // Returns, or the suite's time limit ends it.
        owners.wait(waker)
        store.leave()
        #expect(watch.problem() == nil)
    }
}
