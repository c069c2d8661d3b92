import PosthornSystem
import Synchronization

/// Raised once, and waited for.
final class Flag: Sendable {
    private let raised = Mutex(false)
    private let waker: Waker

    init() {
        do { waker = try Waker() } catch { fatalError("no descriptor left: \(error)") }
    }

    var isRaised: Bool { raised.withLock { $0 } }

    func raise() {
        raised.withLock { $0 = true }
        waker.signal()
    }

    func wait() { while !isRaised { waker.wait(milliseconds: nil) } }
}
