import CPosthornLinux
import Glibc
import PosthornStore

/// Notices within milliseconds that another process has written to the outbox: inotify on the write-ahead log.
///
/// The log is written before the commit becomes visible, so a notice means "look again soon"; ``delayMilliseconds``
/// says when: at once, then after ever longer pauses for two seconds. A commit that is seen meanwhile ends none of these
/// looks: the notice may belong to the next one, and a writer that starts the log again changes what is visible before it
/// commits.
final class CommitWatch: ChangeSignal {
    /// Readable when the log was written; -1 where inotify is not to be had.
    let descriptor: Int32
    private let logPath: String
    private var isWatching = false
    /// Pauses already taken since the last notice; `nil` when there is nothing to look for.
    private var looks: Int?

    /// The pauses double from 1 ms; eleven of them make two seconds.
    private static let looksPerNotice = 11

    init(databasePath: String) {
        let real = realpath(databasePath, nil)
        defer { free(real) }
        logPath = (real.map { String(cString: $0) } ?? databasePath) + "-wal"
        descriptor = posthorn_inotify()
        watch()
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    private func watch() {
        isWatching = descriptor >= 0 && inotify_add_watch(descriptor, logPath, UInt32(IN_MODIFY)) >= 0
    }

    /// Takes the notices that have come in.
    func drain() {
        if !isWatching { watch() }
        var buffer = [UInt8](repeating: 0, count: 4096)
        while read(descriptor, &buffer, buffer.count) > 0 { looks = 0 }
    }

    /// How long to wait at most before looking again.
    ///
    /// Without inotify, or when a notice got lost, one look a second is what is left.
    func delayMilliseconds() -> Int64 {
        guard isWatching else { return 50 }
        guard let done = looks else { return 1000 }
        looks = done + 1 < Self.looksPerNotice ? done + 1 : nil
        return 1 << Int64(done)
    }
}
