import CPosthornLinux
import Glibc

/// The lock that makes one process the engine of an outbox: a lock on a file beside the database.
///
/// The kernel lets it go when the process ends, however it ends. The database file itself is not used, because
/// closing any descriptor on it would drop SQLite's own locks.
final class OwnerLock {
    let path: String
    private let lockFile: @Sendable (Int32) -> Int32
    private var descriptor: Int32 = -1
    private(set) var isHeld = false

    /// - Parameters:
    ///   - databasePath: The database's file, which need not exist.
    ///   - lockFile: Takes the lock of a descriptor without waiting; says 0, or what the kernel has against it (`errno`).
    init(databasePath: String, lockFile: @escaping @Sendable (Int32) -> Int32 = OwnerLock.askKernel) {
        // Two names of one file must lead to one lock.
        let real = realpath(databasePath, nil)
        defer { free(real) }
        path = (real.map { String(cString: $0) } ?? databasePath) + "-engine"
        self.lockFile = lockFile
    }

    deinit { release() }

    private static let askKernel: @Sendable (Int32) -> Int32 = { posthorn_lock_file($0) == 0 ? 0 : errno }

    /// Takes the lock.
    /// - Returns: `false` when another engine has it.
    /// - Throws: What keeps the lock file from being opened or locked at all, with the remedy.
    func take() throws(OutboxProblem) -> Bool {
        if isHeld { return true }
        // Opened once for all tries: closing it is what tells a standby that the owner may be gone, its own closing too.
        while descriptor < 0 {
            descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
            if descriptor < 0, errno != EINTR { throw OwnerLockTrouble.opening(path, errno) }
        }
        var answer = lockFile(descriptor)
        while answer == EINTR { answer = lockFile(descriptor) }
        if OwnerLockTrouble.isTaken(answer) { return false }
        if answer != 0 { throw OwnerLockTrouble.locking(path, answer) }
        isHeld = true
        // For people who look for the owner; the lock alone counts.
        ftruncate(descriptor, 0)
        let text = "\(getpid())\n"
        _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
        return true
    }

    func release() {
        if isHeld { _ = posthorn_unlock_file(descriptor) }
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        isHeld = false
    }

    /// The process that holds the lock of a database, if one does. Looks and takes nothing, so that no engine that starts at
    /// that moment finds the lock taken.
    static func holder(databasePath: String) -> Int32? {
        let lock = OwnerLock(databasePath: databasePath)
        let opened = open(lock.path, O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else { return nil }
        defer { close(opened) }
        if posthorn_is_locked(opened) != 1 { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = read(opened, &bytes, bytes.count)
        return Int32(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: "\n").first ?? "")
    }
}
