public import PosthornText

/// A visit of a customer: what a browser may see and do for a while, as it is listed. What proves that someone has it is not in here;
/// see ``PortalToken``.
public struct PortalSession: Sendable, Hashable {
    /// Its id, which is in its link and in logs.
    public let id: String
    /// The node whose tree is all it sees.
    public let node: String
    /// What it may do there, without what those rights include.
    public let rights: Set<AccessRight>
    /// When its link was made.
    public let created: Timestamp
    /// From when on it opens nothing.
    public let expires: Timestamp
    /// When its link was opened, once; `nil` before.
    public let opened: Timestamp?
    /// When it was revoked; `nil` while it was not.
    public let revoked: Timestamp?
    /// The id of the key that made it; `nil` where none was needed.
    public let maker: String?

    /// Creates a session.
    public init(
        id: String,
        node: String,
        rights: Set<AccessRight>,
        created: Timestamp,
        expires: Timestamp,
        opened: Timestamp? = nil,
        revoked: Timestamp? = nil,
        maker: String? = nil
    ) {
        self.id = id
        self.node = node
        self.rights = rights
        self.created = created
        self.expires = expires
        self.opened = opened
        self.revoked = revoked
        self.maker = maker
    }

    /// What may have become of a session.
    public enum State: String, Sendable, CaseIterable {
        /// Its link can be opened.
        case unopened
        /// It is in use.
        case open
        /// Its time is over, or its link was not opened in time.
        case expired
        /// It was ended before its time.
        case revoked
    }

    /// Its state at a moment.
    public func state(at now: Timestamp) -> State {
        if revoked != nil { return .revoked }
        if opened != nil { return now < expires ? .open : .expired }
        return now < linkExpires ? .unopened : .expired
    }

    /// From when on its link opens nothing.
    public var linkExpires: Timestamp { min(expires, created.advanced(byMilliseconds: Self.linkMilliseconds)) }

    /// Its rights with those that they include.
    public var allRights: Set<AccessRight> { rights.reduce(into: []) { $0.formUnion($1.withIncluded) } }

    /// How long a link can be opened.
    public static let linkMilliseconds: Int64 = 600_000
    /// How long a session may last, in seconds.
    public static let lifetimeSeconds = 60...604_800
    /// How long it lasts unless something else is asked for, in seconds.
    public static let usualLifetimeSeconds = 3600
    /// How long it is listed after it has expired.
    public static let keptMilliseconds: Int64 = 86_400_000
    /// Sessions of one node that may be open, or have a link that can be opened.
    public static let limitEach = 1000
    /// What it can be given: who has a session makes no keys.
    public static let grantableRights: [AccessRight] = [.emit, .read, .readMetadata, .retry, .endpoints, .secrets]

    /// Throws unless a session may be made of these rights.
    /// - Throws: ``InputProblem`` that names the field.
    public static func check(rights: Set<AccessRight>) throws(InputProblem) {
        let all = grantableRights.map(\.rawValue).joined(separator: ", ")
        if rights.isEmpty { throw InputProblem(field: "rights", reason: "names none; name some of \(all)") }
        guard let other = rights.subtracting(grantableRights).min() else { return }
        throw InputProblem(field: "rights", value: other.rawValue, reason: "is not for portal sessions; name some of \(all)")
    }
}
