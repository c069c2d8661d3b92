import PosthornStore
import Glibc

/// What the kernel's answers to the engine's lock mean: only one of them says that another engine is there.
enum LockFileProblem {
    /// Whether somebody else holds the lock (fcntl(2) allows either answer).
    static func isTaken(_ code: Int32) -> Bool { code == EAGAIN || code == EACCES }

    /// The lock file could not be opened or made.
    static func opening(_ path: String, _ code: Int32) -> OutboxProblem {
        problem(code, "cannot open the lock file", path) {
            switch code {
            case EACCES, EPERM, EROFS: "let this user write the file and its folder"
            case EMFILE, ENFILE: "raise the limit of open files (ulimit -n, or LimitNOFILE= of the service)"
            case EISDIR, ENXIO, ENODEV: "remove what has this name"
            case ENOENT, ENOTDIR: "make its folder"
            default: "put the outbox on a local disk that can be written"
            }
        }
    }

    /// The lock file is open, and cannot be locked, which says nothing about other engines.
    static func locking(_ path: String, _ code: Int32) -> OutboxProblem {
        problem(code, "cannot lock the file", path) {
            "without the lock two engines could deliver the same; "
                + "put the outbox on a local disk, since network file systems may not lock as it needs"
        }
    }

    private static func problem(_ code: Int32, _ what: String, _ path: String, _ remedy: () -> String) -> OutboxProblem {
        let reason = "\(what) \(path): \(String(cString: strerror(code)))"
        switch code {
        case ENOSPC, EDQUOT: return OutboxProblem(.full, "\(reason); make room on the disk")
        // These pass when another program closes some.
        case EMFILE, ENFILE: return OutboxProblem(.io, "\(reason); \(remedy())")
        case EIO: return OutboxProblem(.io, "\(reason); the disk fails, and the kernel's log (dmesg) says how")
        default: return OutboxProblem(.access, "\(reason); \(remedy())")
        }
    }
}
