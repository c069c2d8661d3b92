import PosthornStore
import CPosthornLinux
import Glibc

/// What can be seen of an outbox's owner from outside. Looks and takes nothing, so that no engine that starts at that moment
/// finds the lock taken.
struct OwnerSight: Equatable {
    /// The process that owns the lock file's lock.
    var process: Int32?
    /// What is wrong with it, for people; `nil` when all is well.
    var trouble: String?

    init(process: Int32?, trouble: String?) {
        self.process = process
        self.trouble = trouble
    }

    init(databasePath: String) {
        let path = OwnerLock.path(besideDatabase: databasePath)
        guard let lines = Self.lines(ofLocked: path) else {
            if access(path, R_OK) != 0, errno == EACCES {
                if DatabaseLock.isHeld(databasePath) {
                    trouble = "an engine delivers from this outbox; this user may not read \(path), which says which"
                }
            } else if DatabaseLock.isHeld(databasePath) {
                trouble =
                    "an engine delivers from this outbox, and its lock file \(path) was removed or replaced; it should end by itself: "
                    + "if it does not, end it before another is started"
            }
            return
        }
        process = lines.first.flatMap { Int32($0) }
        if let process, let pause = ProcessPause(process) { trouble = pause.sentence(process) }
        // An engine of before this was written down says nothing of the file.
        guard lines.count > 1, let database = try? FileIdentity(path: databasePath), lines[1] != database.description else { return }
        trouble =
            "process \(process.map { "\($0)" } ?? "?") delivers from another file that had this name; it should end by itself: if it does not, "
            + "end it, and start an engine again"
    }

    /// What a lock file says, if an engine holds it.
    private static func lines(ofLocked path: String) -> [Substring]? {
        let opened = open(path, O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else { return nil }
        defer { close(opened) }
        if posthorn_is_locked(opened) != 1 { return nil }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(opened, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: "\n")
    }
}
