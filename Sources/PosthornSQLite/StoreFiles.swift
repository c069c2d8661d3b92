import PosthornModel
import PosthornStore

/// The files of an open store as they were when it was opened, so that a name that leads elsewhere since is noticed: what is
/// written to a file without a name is lost.
struct StoreFiles: Sendable {
    /// What a file is to the store.
    enum Role: Sendable { case database, log, index, lock }

    private struct Entry {
        let path: String
        let role: Role
        let identity: FileIdentity
    }

    private var entries: [Entry] = []

    init() {}

    /// Remembers what a path leads to now; nothing when it leads nowhere, as the log of a store that was opened to read.
    mutating func add(_ path: String, _ role: Role) {
        if let identity = try? FileIdentity(path: path) { add(path, role, identity) }
    }

    /// Remembers what a path is to lead to.
    mutating func add(_ path: String, _ role: Role, _ identity: FileIdentity) {
        entries.append(Entry(path: path, role: role, identity: identity))
    }

    /// Folders in which something happens when one of the files is moved, deleted or replaced.
    var folders: Set<String> {
        Set(entries.map { String($0.path[..<($0.path.lastIndex(of: "/") ?? $0.path.startIndex)]) + "/" })
    }

    /// The first thing that is not where it was, of code ``OutboxProblem/Code/replaced``; `nil` when all is well, or cannot be
    /// looked at for now.
    func problem() -> OutboxProblem? {
        for entry in entries {
            do throws(FileIdentity.Failure) {
                if try FileIdentity(path: entry.path) != entry.identity { return Self.problem(entry.role, entry.path, isGone: false) }
            } catch {
                if error.isAbsence { return Self.problem(entry.role, entry.path, isGone: true) }
            }
        }
        return nil
    }

    /// Whether the database itself is where it was.
    var isDatabaseInPlace: Bool {
        entries.allSatisfy { $0.role != .database || (try? FileIdentity(path: $0.path)) == $0.identity }
    }

    private static func problem(_ role: Role, _ path: String, isGone: Bool) -> OutboxProblem {
        let what = isGone ? "was removed or renamed" : "was replaced by another file"
        switch role {
        case .database:
            let message = "the outbox \(path) \(what) while it was open, and nothing more is written to it"
            if isGone { return OutboxProblem(.replaced, message, remedy: .putBackOrNameAnother) }
            return OutboxProblem(.replaced, "\(message); start again to work on the new one")
        case .log, .index:
            return OutboxProblem(
                .replaced,
                "\(path) \(what) while the outbox was open, and nothing more is written to it",
                remedy: .checkOutbox
            )
        case .lock:
            return OutboxProblem(
                .lockLost,
                "the lock file \(path) \(what) while this engine held it; it ends, so that there are never two; start it again and leave "
                    + "the file alone"
            )
        }
    }
}
