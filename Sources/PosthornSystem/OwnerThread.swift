import Glibc
import Synchronization

/// The one thread that may touch something without a lock: the first that does. Made for assertions, which cost nothing in a release
/// build:
///
/// ```swift
/// assert(owner.isCurrent, "used on the writer's thread alone")
/// ```
public final class OwnerThread: Sendable {
    /// The thread; 0 before there is one.
    private let thread = Atomic<pthread_t>(0)

    /// Belongs to the thread that asks first.
    public init() {}

    /// Whether this is the thread.
    public var isCurrent: Bool {
        let own = pthread_self()
        let (isFirst, owner) = thread.compareExchange(expected: 0, desired: own, ordering: .relaxed)
        return isFirst || owner == own
    }
}
