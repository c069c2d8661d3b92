package import PosthornModel
import PosthornFormats
import PosthornStore
import PosthornSystem

/// Keys of the HTTP API. A running API follows their changes within a second, whichever process makes them.
extension Outbox {
    /// Makes a key.
    ///
    /// - Parameters:
    ///   - name: A name for people.
    ///   - node: The node whose tree is all it sees; `nil` for the whole outbox.
    ///   - rights: What it may do there.
    ///   - lifetimeMilliseconds: How long it is accepted; `nil` for ever.
    ///   - maker: The id of the key that asks for it; keys that keys make are limited in number.
    /// - Returns: The key, and its text, which is stored nowhere and cannot be shown again.
    /// - Throws: `InputProblem` when there is no such node, or the rights do not go with it.
    package func makeAccessKey(
        name: String? = nil,
        node: String? = nil,
        rights: Set<AccessRight>,
        lifetimeMilliseconds: Int64? = nil,
        maker: String? = nil
    ) throws -> (key: AccessKey, token: AccessToken) {
        try AccessKey.check(name: name, node: node, rights: rights)
        let useless = try maker.map { _ in try uselessKeys(of: node) } ?? []
        let id = SecureRandom.hex(byteCount: AccessToken.idLength / 2)
        let token = AccessToken(id: id, secret: SecureRandom.text(byteCount: 32))
        let digest = Self.digest(of: token)
        let result: Result<AccessKey, InputProblem> = try writer.perform { [clock] (store) throws(OutboxProblem) in
            // As the hierarchy writes the node's id: a key of another spelling would see nothing.
            if let node, try store.node(id: node) == nil {
                return .failure(
                    InputProblem(field: "node", value: node, reason: "is not known; `posthorn node list` shows the hierarchy")
                )
            }
            let now = clock.now()
            let key = AccessKey(
                id: id,
                name: name,
                node: node,
                rights: rights,
                created: now,
                expires: lifetimeMilliseconds.map { now.advanced(byMilliseconds: $0) },
                maker: maker
            )
            try store.forgetAccessKeys(useless)
            try store.insert(StoredAccessKey(key, digest: digest))
            return .success(key)
        }
        return (try result.get(), token)
    }

    /// Keys of a node that keys made and that can be forgotten, so that another one has room.
    /// - Throws: `InputProblem` when too many of them are valid.
    private func uselessKeys(of node: String?) throws -> [String] {
        let now = clock.now()
        let made = try accessKeys().filter { $0.maker != nil && $0.node == node }
        let valid = made.count { $0.isValid(at: now) }
        if valid >= AccessKey.validLimitEach {
            throw InputProblem(
                .notAllowedNow,
                field: "node",
                value: node,
                reason: "has \(valid) valid keys that keys made, and no more are allowed; revoke those that are not needed"
            )
        }
        let useless = made.filter { !$0.isValid(at: now) }
        return useless.prefix(max(0, useless.count - AccessKey.keptLimitEach + 1)).map(\.id)
    }

    /// Makes a key useless, for good.
    /// - Throws: `InputProblem` when there is none of that id.
    package func revokeAccessKey(_ id: String) throws {
        let isKnown = try writer.perform { [clock] (store) throws(OutboxProblem) in try store.revokeAccessKey(id, at: clock.now()) }
        if !isKnown { throw InputProblem(field: "key", value: id, reason: "is not known; `posthorn key list` shows them") }
    }

    /// All keys in the order in which they were made, revoked and expired ones too.
    package func accessKeys() throws -> [AccessKey] { try read { try $0.accessKeys() }.map(\.key) }

    /// The keys with their digests, and how often they have changed.
    func storedAccessKeys() throws -> (generation: Int64, keys: [StoredAccessKey]) {
        try read { (try $0.accessKeyGeneration(), try $0.accessKeys()) }
    }

    /// How often the keys have changed, and how often the portal sessions.
    func accessGenerations() throws -> (keys: Int64, portal: Int64) {
        try read { (try $0.accessKeyGeneration(), try $0.portalSessionGeneration()) }
    }

    /// Writes down when keys were used, without waiting for it: what is lost of it with a crash is an hour.
    func noteUse(of keys: [String: Timestamp]) {
        writer.submit(isolated: false) { (store) throws(OutboxProblem) in
            try store.setLastUse(keys)
        } done: { _ in
        }
    }

    /// What is stored of a key's text.
    static func digest(of token: AccessToken) -> String { MessageDigest.sha256(Array(token.text.utf8)) }
}
