import PosthornSystem
import Synchronization

/// What one thread gives and another one waits for, in order.
final class Handover<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])
    private let waker: Waker

    init() {
        do { waker = try Waker() } catch { fatalError("no descriptor left: \(error)") }
    }

    /// How many have been given and not taken.
    var count: Int { elements.withLock(\.count) }

    func give(_ element: Element) {
        elements.withLock { $0.append(element) }
        waker.signal()
    }

    /// Waits for the next one.
    func next() -> Element {
        while true {
            let element = elements.withLock { elements -> Element? in elements.isEmpty ? nil : elements.removeFirst() }
            if let element { return element }
            waker.wait(milliseconds: nil)
        }
    }
}

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
