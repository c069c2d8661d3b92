import PosthornStore
import CPosthornLinux
import Glibc
import Synchronization

/// The lock that makes one engine the owner of an outbox, in this process or another.
///
/// It is held threefold: in a list of this process, on a file beside the database (`FILE-engine`), which names the owner and
/// whose closing shows a standby that it is gone, and on the database itself, which stays when that file is removed. The kernel
/// lets go of both when the process ends, however it ends.
final class OwnerLock {
    let path: String
    private let databasePath: String
    private let lockFile: @Sendable (Int32) -> Int32
    private let databaseLock = DatabaseLock()
    private var descriptor: Int32 = -1
    private var claimed: FileIdentity?
    private(set) var isHeld = false

    /// The databases that an engine of this process owns.
    private static let ownedHere = Mutex<Set<FileIdentity>>([])

    /// - Parameters:
    ///   - databasePath: The database's file, which need not exist.
    ///   - lockFile: Takes the lock of a descriptor without waiting; says 0, or what the kernel has against it (`errno`).
    init(databasePath: String, lockFile: @escaping @Sendable (Int32) -> Int32 = OwnerLock.askKernel) {
        self.databasePath = databasePath
        path = Self.path(besideDatabase: databasePath)
        self.lockFile = lockFile
    }

    deinit { release() }

    private static let askKernel: @Sendable (Int32) -> Int32 = { posthorn_lock_file($0) == 0 ? 0 : errno }

    static func path(besideDatabase databasePath: String) -> String {
        // Two names of one file must lead to one lock.
        let real = realpath(databasePath, nil)
        defer { free(real) }
        return (real.map { String(cString: $0) } ?? databasePath) + "-engine"
    }

    /// Takes the lock.
    /// - Returns: `false` when another engine has it, or this lock has been taken already.
    /// - Throws: What keeps the lock file from being opened or locked at all, with the remedy.
    func take() throws(OutboxProblem) -> Bool {
        if isHeld { return false }
        let database = try? FileIdentity(path: databasePath)
        if let database, !Self.ownedHere.withLock({ $0.insert(database).inserted }) { return false }
        defer { if let database, !isHeld { _ = Self.ownedHere.withLock { $0.remove(database) } } }
        guard try takeBoth(databaseExists: database != nil) else { return false }
        claimed = database
        isHeld = true
        label(database)
        return true
    }

    func release() {
        databaseLock.release()
        if let claimed { _ = Self.ownedHere.withLock { $0.remove(claimed) } }
        claimed = nil
        if isHeld { _ = posthorn_unlock_file(descriptor) }
        isHeld = false
        // Last of all, since it is what a standby hears.
        closeLockFile()
    }

    private func takeBoth(databaseExists: Bool) throws(OutboxProblem) -> Bool {
        try openLockFile()
        let isFree = try lock()
        // Only an engine holds it exclusively. Any user who may read the file can take a shared lock.
        if !isFree, posthorn_is_locked(descriptor) != 0 { return false }
        let answer = databaseExists ? databaseLock.take(databasePath) : .unavailable
        if answer == .isHeld {
            if isFree { _ = posthorn_unlock_file(descriptor) }
            return false
        }
        if isFree, isLockFileInPlace { return true }
        // Nobody else may exchange the lock file while this process has the database's lock.
        if answer == .taken {
            if !isFree { unlink(path) }
            try openLockFile()
            if try lock(), isLockFileInPlace { return true }
        }
        databaseLock.release()
        closeLockFile()
        return false
    }

    /// Which file the lock is on, by the open one.
    var identity: FileIdentity? { try? FileIdentity(descriptor: descriptor) }

    /// Opened once for all tries: closing it is what tells a standby that the owner may be gone, its own closing too.
    private func openLockFile() throws(OutboxProblem) {
        if descriptor >= 0, !isLockFileInPlace { closeLockFile() }
        while descriptor < 0 {
            descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            if descriptor < 0, errno != EINTR { throw LockFileProblem.opening(path, errno) }
        }
    }

    private func closeLockFile() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    /// Whether the name still leads to the file that is open.
    private var isLockFileInPlace: Bool {
        guard let named = try? FileIdentity(path: path), let opened = identity else { return false }
        return named == opened
    }

    private func lock() throws(OutboxProblem) -> Bool {
        var answer = lockFile(descriptor)
        while answer == EINTR { answer = lockFile(descriptor) }
        if LockFileProblem.isTaken(answer) { return false }
        if answer != 0 { throw LockFileProblem.locking(path, answer) }
        return true
    }

    /// Says whose it is, for people and for `status`; the locks alone count. Whoever may not read the database may not read it
    /// either, or could hold a shared lock on it.
    private func label(_ database: FileIdentity?) {
        var facts = stat()
        if stat(databasePath, &facts) == 0 {
            fchown(descriptor, geteuid() == 0 ? facts.st_uid : uid_t.max, facts.st_gid)
            fchmod(descriptor, facts.st_mode & 0o666)
        }
        ftruncate(descriptor, 0)
        let text = "\(getpid())\n" + (database.map { "\($0)\n" } ?? "")
        _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
    }
}
