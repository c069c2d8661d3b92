package import PosthornModel
import PosthornStore
import PosthornText

/// Keys that a key may see and make: those of its own node and below.
extension ScopedOutbox {
    /// The keys of the tree.
    package func accessKeys() throws -> [AccessKey] {
        let view = try topology()
        return try outbox.accessKeys().filter { isVisible($0, view) }
    }

    private func isVisible(_ key: AccessKey, _ view: TopologyView) -> Bool {
        guard let top = node else { return true }
        return key.node.map { view.isWithin($0, top) } ?? false
    }

    /// A part of the list of the keys of the tree, by their ids.
    package func accessKeys(_ place: NamedPage<AccessKey>.Place, limit: Int) throws -> IDPage<AccessKey> {
        try outbox.read { reader in
            let view = try outbox.topologies.view(reader)
            return try IDPage(place, limit: limit, where: { isVisible($0, view) }, id: \.id) { try reader.accessKeys($0).map(\.key) }
        }
    }

    /// Makes a key of the tree.
    /// - Parameter own: The key that asks for it, whose rights and life the new one may not exceed.
    /// - Throws: ``ScopeProblem`` for a node outside of the tree, or rights or a life beyond its own.
    package func makeAccessKey(
        name: String?,
        node wanted: String?,
        rights: Set<AccessRight>,
        own: AccessBook.Grant,
        lifetimeMilliseconds: Int64?
    ) throws -> (key: AccessKey, token: AccessToken) {
        if let wanted { _ = try node(wanted, in: topology()) }
        let beyond = rights.reduce(into: Set<AccessRight>()) { $0.formUnion($1.withIncluded) }.subtracting(own.rights)
        if let first = beyond.min() { throw ScopeProblem.forbidden("the key lacks the right \(first.rawValue), and so cannot give it") }
        let left = own.expires.map { $0.milliseconds - now.milliseconds }
        if let left, let lifetimeMilliseconds, lifetimeMilliseconds > left {
            throw ScopeProblem.forbidden("the key expires in \(max(0, left) / 1000) seconds, and what it makes cannot outlive it")
        }
        return try outbox.makeAccessKey(
            name: name,
            node: wanted ?? node,
            rights: rights,
            lifetimeMilliseconds: lifetimeMilliseconds ?? left,
            maker: own.keyID
        )
    }

    /// Revokes a key of the tree.
    /// - Parameter own: The rights of the key that asks for it: one with more rights than these is not its to revoke.
    /// - Throws: ``ScopeProblem`` for a key outside of the tree, or one with further rights.
    package func revokeAccessKey(_ id: String, own: Set<AccessRight>) throws {
        guard let key = try accessKeys().first(where: { $0.id == id }) else { throw Self.unknown("key", id) }
        let beyond = key.rights.reduce(into: Set<AccessRight>()) { $0.formUnion($1.withIncluded) }.subtracting(own)
        if let first = beyond.min() { throw ScopeProblem.forbidden("the key lacks the right \(first.rawValue), which the other one has") }
        try outbox.revokeAccessKey(id)
    }
}
