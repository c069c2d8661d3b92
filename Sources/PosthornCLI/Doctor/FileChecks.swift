import Glibc
import PosthornModel
import PosthornText

/// The outbox's file and the disk under it.
enum FileChecks {
    /// What the system knows about a file.
    struct Facts {
        let mode: mode_t
        let bytes: UInt64
        let modifiedSeconds: Int64
    }

    /// - Returns: The facts, or a finding when there is nothing to look at.
    static func facts(_ path: String) -> Result<Facts, FindingError> {
        var facts = stat()
        if stat(path, &facts) != 0 {
            if errno == ENOENT {
                return .failure(
                    FindingError(
                        finding: Finding(
                            .warn,
                            "file",
                            "\(TerminalText.text(path)) does not exist yet; posthorn apply makes it, or name another with --db"
                        )
                    )
                )
            }
            let reason = String(cString: strerror(errno))
            return .failure(FindingError(finding: Finding(.problem, "file", "\(TerminalText.text(path)): \(reason); check the path")))
        }
        if facts.st_mode & S_IFMT != S_IFREG {
            return .failure(
                FindingError(finding: Finding(.problem, "file", "\(TerminalText.text(path)) is not a file; name another with --db"))
            )
        }
        return .success(
            Facts(
                mode: facts.st_mode & 0o777,
                bytes: UInt64(clamping: facts.st_size),
                modifiedSeconds: Int64(facts.st_mtim.tv_sec)
            )
        )
    }

    /// A file that secrets are kept in or sealed with. Whoever writes to it can lock everybody out as well.
    /// - Parameters:
    ///   - what: What it holds.
    ///   - ending: What its companions' names may end in.
    static func permissions(_ check: String, _ mode: mode_t, path: String, what: String, ending: String = "") -> Finding {
        let text = "\(TerminalText.text(path)) has mode \(String(mode, radix: 8))"
        if mode & 0o007 == 0 { return Finding(.ok, check, text) }
        return Finding(
            .warn,
            check,
            "\(text): every user of this machine can \(mode & 0o002 != 0 ? "change" : "read") it, and it holds \(what); "
                + "chmod o-rwx \(ShellWord.argument(path))\(ending)"
        )
    }

    /// The outbox's file.
    static func outbox(_ mode: mode_t, path: String) -> Finding {
        permissions("permissions", mode, path: path, what: "the endpoints' credentials", ending: "*")
    }

    /// The file that the key for sealed credentials comes from; nothing when it comes from elsewhere.
    static func key(_ path: String?) -> [Finding] {
        var facts = stat()
        guard let path, stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return [] }
        return [key(facts.st_mode & 0o777, path: path)]
    }

    static func key(_ mode: mode_t, path: String) -> Finding {
        permissions("key file", mode, path: path, what: "the key that the credentials are sealed with")
    }

    /// A full disk stops everything, so a warning must come well before.
    static func space(free: UInt64, used: UInt64) -> Finding {
        let text = "\(HumanText.bytes(free)) free, the outbox has \(HumanText.bytes(used))"
        if free < 64 << 20 {
            return Finding(.problem, "disk", "\(text); make room, because a full disk stops accepting and sending")
        }
        if free < max(1 << 30, used / 2) { return Finding(.warn, "disk", "\(text); make room, or posthorn prune") }
        return Finding(.ok, "disk", text)
    }

    /// The write-ahead log, which checkpoints keep small.
    static func log(bytes: UInt64, path: String) -> Finding {
        let text = "the write-ahead log has \(HumanText.bytes(bytes))"
        if bytes < 256 << 20 { return Finding(.ok, "log", text) }
        return Finding(
            .warn,
            "log",
            "\(text): no posthorn run empties it, or a program reads an old state of the outbox and does not end (fuser "
                + "\(ShellWord.argument(path)) names the programs); start posthorn run, end that program's transaction"
        )
    }

    /// The size of the write-ahead log beside an outbox; 0 when there is none.
    static func logBytes(besideOutbox path: String) -> UInt64 {
        var facts = stat()
        return stat(path + "-wal", &facts) == 0 ? UInt64(clamping: facts.st_size) : 0
    }

    /// Whether this user may write an outbox: the file, and its log and the log's index, which SQLite makes beside it.
    static func canBeWritten(_ path: String) -> Bool {
        if access(path, W_OK) != 0 { return false }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        if access(folder, W_OK) == 0 { return true }
        return access(path + "-wal", W_OK) == 0 && access(path + "-shm", W_OK) == 0
    }

    /// Free bytes on the disk that holds the file.
    static func freeBytes(_ path: String) -> UInt64? {
        var facts = statvfs()
        guard statvfs(path, &facts) == 0 else { return nil }
        return UInt64(facts.f_bavail) * UInt64(facts.f_frsize)
    }

    /// A file from the future means that the clock was put back.
    static func age(modifiedSeconds: Int64, nowSeconds: Int64) -> Finding? {
        guard modifiedSeconds > nowSeconds + 300 else { return nil }
        return Finding(
            .warn,
            "clock",
            "the outbox was changed \(HumanText.length(milliseconds: (modifiedSeconds - nowSeconds) * 1000)) ahead of now: the clock was put "
                + "back; if it is wrong now, set it right"
        )
    }
}

/// A finding instead of a value.
struct FindingError: Error {
    let finding: Finding
}
