import CPosthornLinux
import Glibc
public import PosthornSystem

/// Waits for an outbox's owner to end: the kernel closes the lock file for it, however it ends, and inotify tells.
public struct LockWatch: ~Copyable {
    private let descriptor: Int32

    /// Watches the lock file of a store.
    public init(lockPath: String) {
        descriptor = posthorn_inotify()
        if descriptor >= 0 { _ = inotify_add_watch(descriptor, lockPath, UInt32(IN_CLOSE_WRITE)) }
    }

    /// Whether the system has an inotify instance to give; without one, others' commits and ends are looked for now and then.
    public static var isAvailable: Bool {
        let descriptor = posthorn_inotify()
        if descriptor >= 0 { close(descriptor) }
        return descriptor >= 0
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Waits until the owner may have ended, `waker` is signalled, or a second has passed.
    public func wait(_ waker: Waker) {
        waker.wait(milliseconds: 1000, others: descriptor >= 0 ? [descriptor] : [])
        var buffer = [UInt8](repeating: 0, count: 1024)
        while descriptor >= 0, read(descriptor, &buffer, buffer.count) > 0 {}
    }
}
