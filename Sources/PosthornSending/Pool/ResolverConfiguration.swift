import Glibc

/// How host names are resolved.
public struct ResolverConfiguration: Sendable {
    /// Look-ups at once that are younger than a fifth of a second; each has a thread, which is started when needed.
    public var threads = 8
    /// Look-ups at once that last longer, since a name server does not answer. Of both together no top node's tree and no domain has
    /// more than half, no node below that more than a quarter, and so on; names that were slow before share half.
    public var slowThreads = 64
    /// How long a request waits for its name, inside its own deadline.
    public var timeoutMilliseconds = 5000
    /// How long an answer is used again.
    public var cacheMilliseconds = 5000
    /// How long kept connections to an address are used that the name's answers do not have any more: servers with many
    /// addresses name a few of them in turn.
    public var graceMilliseconds = 60_000
    /// Names that may wait for a thread, shared in the same way. A request beyond that waits as well, without an attempt.
    public var queueLimit = 4096

    /// The defaults.
    public init() {}
}
