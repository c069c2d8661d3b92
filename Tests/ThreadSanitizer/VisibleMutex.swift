// A mutex with the interface of Synchronization.Mutex that the thread sanitizer sees: it knows pthread_mutex_lock, and nothing of the
// futex in Swift's library. thread-sanitizer.sh puts it into each module of a copy of the sources, where it takes the other one's place.

import Glibc

struct Mutex<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
    // The value is touched under the lock alone.
    private let value: UnsafeMutablePointer<Value>
    private let lock: UnsafeMutablePointer<pthread_mutex_t>

    init(_ initial: consuming sending Value) {
        value = .allocate(capacity: 1)
        value.initialize(to: initial)
        lock = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
        value.deinitialize(count: 1)
        value.deallocate()
    }

    borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return try body(&value.pointee)
    }
}
