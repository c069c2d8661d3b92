public import PosthornModel

/// Why the outbox could not do what it was asked.
public struct OutboxProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of failure, fit for a metric's label and for deciding what to do next.
    public enum Code: String, Sendable, CaseIterable {
        /// Somebody else holds the write lock longer than the bounded wait; trying again is safe.
        case busy
        /// No space is left; nothing was stored.
        case full
        /// The disk failed; nothing is known to be stored.
        case io
        /// The file is no database, or a damaged one.
        case notADatabase = "not_a_database"
        /// The schema is newer than the program, changed, or not Posthorn's.
        case schema
        /// The file or its folder cannot be opened or written.
        case access
        /// A rule of the tables refused the change.
        case constraint
        /// The caller took its work back; nothing of it was stored.
        case refused
        /// A value in the outbox cannot be read; `doctor` says more.
        case damaged
        /// Credentials are sealed, and the key is missing or is another one.
        case key
        /// Its file, or a companion of it, was removed, renamed or replaced while it was open; nothing more is written to it.
        case replaced
        /// The engine's lock file was removed or replaced while the engine held it.
        case lockLost = "lock_lost"
        /// Another engine has a shard of endpoints by now that this one wrote about; nothing of the transaction was stored.
        case fenced
        /// The server of the outbox cannot be reached, or has ended the connection; trying again is safe.
        case unreachable
        /// The connection was lost while a transaction was being committed, and it could not be found out since whether it was.
        case inDoubt = "in_doubt"
        /// The outbox was closed.
        case closed
        /// The connection that was handed in cannot take an event: it has no open transaction, another file, or loses commits.
        case connection
        /// Anything else that the store reports.
        case other

        /// What it means, for documents.
        public var sentence: String {
            switch self {
            case .busy: "Another program holds the write lock longer than the bounded wait; the same call can be made again."
            case .full: "No space is left on the disk; nothing was stored."
            case .io: "The disk failed, or no descriptor is left; nothing is known to be stored."
            case .notADatabase: "The file is no database, or a damaged one."
            case .schema: "The schema is newer than the program, changed, or not Posthorn's."
            case .access: "The file or its folder cannot be opened or written."
            case .constraint: "A rule of the tables refused the change."
            case .refused: "The caller took its work back; nothing of it was stored."
            case .damaged: "A value in the outbox cannot be read."
            case .key: "Credentials are sealed, and the key is missing or is another one."
            case .replaced: "A file of the outbox was removed, renamed or replaced while it was open; nothing more is written to it."
            case .lockLost: "The engine's lock file was removed or replaced while the engine held it."
            case .fenced: "Another engine has a shard of endpoints by now that this one wrote about; nothing of the transaction was stored."
            case .unreachable: "The server of the outbox cannot be reached, or has ended the connection; the same call can be made again."
            case .inDoubt:
                "The connection was lost during a commit; whether the transaction was stored is not known. An event with an id can be emitted again."
            case .closed: "The outbox was closed."
            case .connection: "The connection that was handed in cannot take an event safely."
            case .other: "The store reports something else."
            }
        }
    }

    /// What kind of failure it is.
    public let code: Code
    /// One line for people. Never holds data of events or credentials.
    public let message: String
    /// What to do about it, where the words depend on how Posthorn is used.
    public let remedy: Remedy?
    /// The SQLSTATE of a server's error; `nil` where no server reported one.
    package let serverState: String?

    /// A failure of a kind.
    public init(_ code: Code, _ message: String, remedy: Remedy? = nil) {
        self.init(code, message, remedy: remedy, serverState: nil)
    }

    package init(_ code: Code, _ message: String, remedy: Remedy? = nil, serverState: String?) {
        self.code = code
        self.message = message
        self.remedy = remedy
        self.serverState = serverState
    }

    /// The message, and what to do.
    public var description: String { text { $0.sentence } }

    /// One line with a remedy in words of the caller's.
    /// - Parameter wording: Says a remedy as half a sentence.
    public func text(wording: (Remedy) -> String) -> String { message + (remedy.map { "; \(wording($0))" } ?? "") }
}

extension OutboxProblem {
    /// Whether the outbox itself is whole, so that what is under way can still be recorded.
    public var leavesOutboxWhole: Bool { code == .lockLost }

    /// Whether the same call may work later without anybody changing the file or its rights.
    public var mayPass: Bool { Self.passing.contains(code) }

    /// Whether the outbox has become another one, with which this program does not go on.
    package var endsEngine: Bool { code == .replaced || code == .schema }

    private static let passing: Set<Code> = [.busy, .full, .io, .fenced, .unreachable, .inDoubt]

    /// Whether the store itself failed, so that nothing of the transaction can be kept.
    var isOfTheStore: Bool {
        switch code {
        // Other failures, such as a lack of memory, may have rolled the whole transaction back.
        case .busy, .full, .io, .notADatabase, .access, .replaced, .fenced, .unreachable, .inDoubt, .other: return true
        case .schema, .constraint, .refused, .damaged, .key, .lockLost, .closed, .connection: return false
        }
    }
}
