import CPosthornLinux
import Glibc
package import PosthornStore
package import PosthornSystem

/// Watches an outbox's files, as the kernel reports it (inotify): that its owner ends, because the kernel
/// closes the lock file for it however it ends, or that a file is moved, deleted or replaced.
package final class StoreFilesWatch: StoreWatch {
    private let files: StoreFiles
    private let descriptor: Int32
    private let lockPath: String

    /// A look a second at least: a folder above may be moved, and a notice may get lost.
    private static let longestMilliseconds: Int64 = 1000
    /// Without notices, looks have to come more often to notice within a second.
    private static let longestWithoutNotices: Int64 = 500
    /// Others may do much in the same folder; it is looked at so often at most.
    private static let restMilliseconds: Int64 = 20

    private static let folderEvents = UInt32(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF)

    /// Watches the lock file of a store, and the folders of its files.
    init(_ files: StoreFiles, lockPath: String) {
        self.files = files
        self.lockPath = lockPath
        descriptor = posthorn_inotify()
        if descriptor < 0 { return }
        for folder in files.folders { _ = inotify_add_watch(descriptor, folder, Self.folderEvents) }
    }

    /// Whether the system has an inotify instance to give; without one, others' commits and ends are looked for now and then.
    package static var isAvailable: Bool {
        let descriptor = posthorn_inotify()
        if descriptor >= 0 { close(descriptor) }
        return descriptor >= 0
    }

    /// The first of the files that is not where it was.
    package func problem() -> OutboxProblem? { files.problem() }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Waits until something may have happened, `waker` is signalled, or a second has passed.
    package func wait(_ waker: Waker) {
        guard descriptor >= 0 else { return waker.wait(milliseconds: Self.longestWithoutNotices) }
        // Each time: a lock file that was removed has been made again under this name, or is another's.
        _ = inotify_add_watch(descriptor, lockPath, UInt32(IN_CLOSE_WRITE))
        waker.wait(milliseconds: Self.longestMilliseconds, others: [descriptor])
        var buffer = [UInt8](repeating: 0, count: 4096)
        var hasNews = false
        while read(descriptor, &buffer, buffer.count) > 0 { hasNews = true }
        if hasNews { waker.wait(milliseconds: Self.restMilliseconds) }
    }
}
