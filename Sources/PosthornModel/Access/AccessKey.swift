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

    /// Creates a key.
    public init(
        id: String,
        name: String? = nil,
        node: String? = nil,
        rights: Set<AccessRight>,
        created: Timestamp,
        expires: Timestamp? = nil,
        lastUsed: Timestamp? = nil,
        revoked: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.node = node
        self.rights = rights
        self.created = created
        self.expires = expires
        self.lastUsed = lastUsed
        self.revoked = revoked
    }

    /// Its rights with those that they include.
    public var allRights: Set<AccessRight> { rights.reduce(into: []) { $0.formUnion($1.withIncluded) } }

    /// Whether it opens anything at a moment.
    public func isValid(at now: Timestamp) -> Bool { revoked == nil && (expires.map { now < $0 } ?? true) }

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
