public import PosthornText

/// A key of the HTTP API, as it is listed. What proves that someone has it is not in here; see ``AccessToken``.
public struct AccessKey: Sendable, Hashable {
    /// Its id, which is in the key's text and in logs.
    public let id: String
    /// A name for people.
    public let name: String?
    /// The node whose tree is all it sees; `nil` for the whole outbox.
    public let node: String?
    /// What it may do there, without what those rights include.
    public let rights: Set<AccessRight>
    /// When it was made.
    public let created: Timestamp
    /// From when on it is refused; `nil` for never.
    public let expires: Timestamp?
    /// When it was used last, to the hour; `nil` for never.
    public let lastUsed: Timestamp?
    /// When it was revoked; `nil` while it was not.
    public let revoked: Timestamp?
    /// The id of the key that made it through the API; `nil` for one of the command line.
    public let maker: String?

    /// Creates a key.
    public init(
        id: String,
        name: String? = nil,
        node: String? = nil,
        rights: Set<AccessRight>,
        created: Timestamp,
        expires: Timestamp? = nil,
        lastUsed: Timestamp? = nil,
        revoked: Timestamp? = nil,
        maker: String? = nil
    ) {
        self.id = id
        self.name = name
        self.node = node
        self.rights = rights
        self.created = created
        self.expires = expires
        self.lastUsed = lastUsed
        self.revoked = revoked
        self.maker = maker
    }

    /// Its rights with those that they include.
    public var allRights: Set<AccessRight> { rights.reduce(into: []) { $0.formUnion($1.withIncluded) } }

    /// Whether it opens anything at a moment.
    public func isValid(at now: Timestamp) -> Bool { revoked == nil && (expires.map { now < $0 } ?? true) }

    /// Keys of one node that may be valid at a time, of those that keys make.
    public static let validLimitEach = 100
    /// Keys of one node that are kept when they are of no use any more, of those that keys make; older ones are forgotten.
    public static let keptLimitEach = 100

    /// The longest name, in bytes.
    public static let nameLimitBytes = 128

    /// Throws unless a key may be made of these values.
    /// - Throws: ``InputProblem`` that names the field.
    public static func check(name: String?, node: String?, rights: Set<AccessRight>) throws(InputProblem) {
        if rights.isEmpty {
            let all = AccessRight.allCases.map(\.rawValue).joined(separator: ", ")
            throw InputProblem(field: "rights", reason: "names none; name some of \(all)")
        }
        if node != nil, rights.contains(.admin) {
            throw InputProblem(
                field: "rights",
                value: AccessRight.admin.rawValue,
                reason: "is the right to the whole outbox; leave the node out, or name other rights"
            )
        }
        if let name, !(1...nameLimitBytes).contains(name.utf8.count) || name.unicodeScalars.contains(where: OneLine.isHidden) {
            throw InputProblem(field: "name", value: name, reason: "must have 1 to \(nameLimitBytes) bytes without control characters")
        }
    }
}
