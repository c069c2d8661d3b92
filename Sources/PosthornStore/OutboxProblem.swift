/// Why the outbox could not do what it was asked.
public struct OutboxProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of failure, fit for a metric's label and for deciding what to do next.
    public enum Code: String, Sendable {
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
        /// The outbox was closed.
        case closed
        /// Anything else that the store reports.
        case other
    }

    /// What kind of failure it is.
    public let code: Code
    /// One line for people, with what to do where that is known. Never holds data of events or credentials.
    public let message: String

    /// A failure of a kind.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}

extension OutboxProblem {
    /// Whether the outbox itself is whole, so that what is under way can still be recorded.
    public var leavesOutboxWhole: Bool { code == .lockLost }

    /// Whether the same call may work later without anybody changing the file or its rights.
    public var mayPass: Bool { code == .busy || code == .full || code == .io || code == .fenced }

    /// Whether the store itself failed, so that nothing of the transaction can be kept.
    var isOfTheStore: Bool {
        switch code {
        // Other failures, such as a lack of memory, may have rolled the whole transaction back.
        case .busy, .full, .io, .notADatabase, .access, .replaced, .fenced, .other: return true
        case .schema, .constraint, .refused, .damaged, .key, .lockLost, .closed: return false
        }
    }
}
