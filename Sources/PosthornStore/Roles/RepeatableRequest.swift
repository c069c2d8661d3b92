public import PosthornText

/// A request that is done once, however often it is sent.
public struct RepeatableRequest: Sendable, Hashable {
    /// What it was answered with.
    public struct Answer: Sendable, Hashable {
        /// Its status.
        public let status: Int
        /// Its type; `nil` without a body.
        public let contentType: String?
        /// Where what was made is; `nil` where nothing was.
        public let location: String?
        /// Its body; `nil` where it is not kept, since it holds a secret or is long.
        public let body: [UInt8]?

        /// Creates an answer.
        public init(status: Int, contentType: String?, location: String?, body: [UInt8]?) {
            self.status = status
            self.contentType = contentType
            self.location = location
            self.body = body
        }
    }

    /// Whose it is: the id of a key of the HTTP API; empty without keys.
    public let owner: String
    /// What its sender calls it.
    public let name: String
    /// A digest of all that it asks for.
    public let digest: String
    /// When it came first.
    public let created: Timestamp
    /// What it was answered with; `nil` while it is under way, and when that ended with the program.
    public var answer: Answer?

    /// A request that is under way.
    public init(owner: String, name: String, digest: String, created: Timestamp) {
        self.owner = owner
        self.name = name
        self.digest = digest
        self.created = created
    }

    /// How long a request is known: a day.
    public static let keptMilliseconds: Int64 = 86_400_000
    /// Requests of one owner that are known at a time.
    public static let limitEach = 2000
}
