import PosthornModel
import PosthornStore
import PosthornText

extension MemoryStore {
    func insert(_ key: StoredAccessKey) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in
            if tables.accessKeys.contains(where: { $0.key.id == key.key.id }) {
                throw OutboxProblem(.constraint, "there is a key of that id")
            }
            tables.accessKeys.append(key)
            tables.accessKeyGeneration += 1
        }
    }

    func revokeAccessKey(_ id: String, at now: Timestamp) throws(OutboxProblem) -> Bool {
        try update { (tables) throws(OutboxProblem) in
            guard let place = tables.accessKeys.firstIndex(where: { $0.key.id == id }) else { return false }
            let old = tables.accessKeys[place]
            tables.accessKeys[place] = old.with(lastUsed: old.key.lastUsed, revoked: old.key.revoked ?? now)
            tables.accessKeyGeneration += 1
            return true
        }
    }

    func forgetAccessKeys(_ ids: [String]) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in
            if ids.isEmpty { return }
            tables.accessKeys.removeAll { ids.contains($0.key.id) }
            tables.accessKeyGeneration += 1
        }
    }

    func setLastUse(_ times: [String: Timestamp]) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in
            for (place, old) in tables.accessKeys.enumerated() {
                guard let time = times[old.key.id] else { continue }
                tables.accessKeys[place] = old.with(lastUsed: max(time, old.key.lastUsed ?? time), revoked: old.key.revoked)
            }
        }
    }
}

extension StoredAccessKey {
    fileprivate func with(lastUsed: Timestamp?, revoked: Timestamp?) -> StoredAccessKey {
        let changed = AccessKey(
            id: key.id,
            name: key.name,
            node: key.node,
            rights: key.rights,
            created: key.created,
            expires: key.expires,
            lastUsed: lastUsed,
            revoked: revoked,
            maker: key.maker
        )
        return StoredAccessKey(changed, digest: digest)
    }
}
