package import PosthornModel
import PosthornStore
import PosthornText

/// Portal sessions of a key's own node and below.
extension ScopedOutbox {
    /// The sessions of the tree.
    package func portalSessions() throws -> [PortalSession] {
        let view = try topology()
        return try outbox.portalSessions().filter { view.isWithin($0.node, node) }
    }

    /// A part of the list of the sessions of the tree, by their ids.
    package func portalSessions(_ place: NamedPage<PortalSession>.Place, limit: Int) throws -> IDPage<PortalSession> {
        try outbox.read { reader in
            let view = try outbox.topologies.view(reader)
            return try IDPage(place, limit: limit, where: { view.isWithin($0.node, node) }, id: \.id) {
                try reader.portalSessions($0).map(\.session)
            }
        }
    }

    /// Makes a session of the tree.
    /// - Parameters:
    ///   - wanted: Its node; `nil` for the key's own.
    ///   - own: The key that asks for it, whose rights and life the session may not exceed.
    ///   - lifetimeMilliseconds: How long it lasts; `nil` for an hour, or as long as the key if that is less.
    /// - Throws: ``ScopeProblem`` for a node outside of the tree, or rights or a life beyond the key's.
    package func makePortalSession(
        node wanted: String?,
        rights: Set<AccessRight>,
        own: AccessBook.Grant,
        lifetimeMilliseconds: Int64?
    ) throws -> (session: PortalSession, code: PortalToken) {
        guard let id = wanted ?? node else { throw InputProblem(field: "node", reason: "is missing; the key sees the whole outbox") }
        if wanted != nil { _ = try node(id, in: topology()) }
        try PortalSession.check(rights: rights)
        let beyond = rights.reduce(into: Set<AccessRight>()) { $0.formUnion($1.withIncluded) }.subtracting(own.rights)
        if let first = beyond.min() { throw ScopeProblem.forbidden("the key lacks the right \(first.rawValue), and so cannot give it") }
        let left = own.expires.map { $0.milliseconds - now.milliseconds }
        if let left, let lifetimeMilliseconds, lifetimeMilliseconds > left {
            throw ScopeProblem.forbidden("the key expires in \(max(0, left) / 1000) seconds, and what it makes cannot outlive it")
        }
        let usual = Int64(PortalSession.usualLifetimeSeconds) * 1000
        return try outbox.makePortalSession(
            node: id,
            rights: rights,
            lifetimeMilliseconds: lifetimeMilliseconds ?? min(usual, left ?? usual),
            maker: own.keyID
        )
    }

    /// Ends a session of the tree.
    /// - Throws: ``ScopeProblem`` for a session outside of the tree.
    package func revokePortalSession(_ id: String) throws {
        guard try portalSessions().contains(where: { $0.id == id }) else { throw Self.unknown("portal session", id) }
        try outbox.revokePortalSession(id)
    }
}
