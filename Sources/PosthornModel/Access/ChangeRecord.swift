public import PosthornText

/// What was changed by hand, as the list of changes keeps it.
public struct ChangeRecord: Sendable, Hashable {
    /// Who did it.
    public enum Actor: Sendable, Hashable {
        /// A key of the HTTP API, with its name at that time.
        case key(id: String, name: String?)
        /// A portal session.
        case portalSession(id: String)
        /// A command on the machine itself.
        case commandLine
        /// A program of the machine, while the HTTP API needed no key.
        case noKey
    }

    /// Counted from 1; 0 before it is stored.
    public let number: Int64
    /// When.
    public let time: Timestamp
    /// Who.
    public let actor: Actor
    /// What, in the words of the command line: `endpoint disable`.
    public let action: String
    /// The id of what was changed; `nil` where it has none.
    public let subject: String?
    /// The node in whose tree it is; `nil` for what belongs to the whole outbox.
    public let node: String?

    /// Creates a record.
    public init(number: Int64 = 0, time: Timestamp, actor: Actor, action: String, subject: String? = nil, node: String? = nil) {
        self.number = number
        self.time = time
        self.actor = actor
        self.action = action
        self.subject = subject
        self.node = node
    }

    /// The longest list of changes; beyond it the oldest go of the share that has most, so that none pushes out those of others.
    public static let keptLimit: Int64 = 50_000
    /// How long a change is kept: ninety days.
    public static let keptMilliseconds: Int64 = 90 * 86_400_000
    /// Old changes that one new one removes at most for their age; and after so many the number of all is looked at.
    public static let forgottenEach = 100
}
