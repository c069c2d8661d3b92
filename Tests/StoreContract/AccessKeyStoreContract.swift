import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let accessKeyRules: [Rule] = [
        Rule("a key is stored, listed and counted as a change") { try $0.keysAreStored() },
        Rule("keys are forgotten, which is a change") { try $0.keysAreForgotten() },
        Rule("a key is revoked once, and its last use only goes forward") { try $0.keysAreRevoked() },
    ]

    private func key(_ id: String, _ node: String?) -> StoredAccessKey {
        let key = AccessKey(id: id, name: "name", node: node, rights: [.read, .emit], created: now, expires: later(1000), maker: node)
        return StoredAccessKey(key, digest: "digest of \(id)")
    }

    private func keysAreStored() throws {
        let store = try open()
        let before = try read { try $0.accessKeyGeneration() }
        try store.write { () throws(OutboxProblem) in
            try store.insert(key("b", "n"))
            try store.insert(key("a", nil))
        }
        #expect(try read { try $0.accessKeys() } == [key("b", "n"), key("a", nil)])
        #expect(try read { try $0.accessKeyGeneration() } > before)
        func some(limit: Int = 9, _ change: (inout NamedRows) -> Void = { _ in }) throws -> [StoredAccessKey] {
            var rows = NamedRows(limit: limit)
            change(&rows)
            return try read { [rows] in try $0.accessKeys(rows) }
        }
        #expect(try some() == [key("a", nil), key("b", "n")] && some(limit: 1) == [key("a", nil)])
        #expect(try some { $0.after = "a" } == [key("b", "n")] && some { $0.after = "b" } == [])
        #expect(try some { $0.before = "c" } == [key("b", "n"), key("a", nil)] && some { $0.before = "b" } == [key("a", nil)])
        #expect(throws: OutboxProblem.self) {
            try store.write { () throws(OutboxProblem) in try store.insert(key("a", nil)) }
        }
    }

    private func keysAreForgotten() throws {
        let store = try open()
        try store.write { () throws(OutboxProblem) in for id in ["a", "b", "c"] { try store.insert(key(id, nil)) } }
        let before = try read { try $0.accessKeyGeneration() }
        try store.write { () throws(OutboxProblem) in try store.forgetAccessKeys([]) }
        #expect(try read { try $0.accessKeyGeneration() } == before)
        try store.write { () throws(OutboxProblem) in try store.forgetAccessKeys(["a", "c", "unknown"]) }
        #expect(try read { try $0.accessKeys() } == [key("b", nil)] && read { try $0.accessKeyGeneration() } > before)
    }

    private func keysAreRevoked() throws {
        let store = try open()
        try store.write { () throws(OutboxProblem) in try store.insert(key("a", nil)) }
        let before = try read { try $0.accessKeyGeneration() }
        func revoke(_ id: String, _ moment: Timestamp) throws -> Bool {
            try store.write { () throws(OutboxProblem) in try store.revokeAccessKey(id, at: moment) }
        }
        try store.write { () throws(OutboxProblem) in try store.setLastUse(["a": later(5), "unknown": later(5)]) }
        try store.write { () throws(OutboxProblem) in try store.setLastUse(["a": later(1)]) }
        #expect(try read { try $0.accessKeyGeneration() } == before)
        #expect(try revoke("a", later(10)) && revoke("a", later(20)) && !revoke("unknown", now))
        let stored = try read { try $0.accessKeys() }[0].key
        #expect(stored.revoked == later(10) && stored.lastUsed == later(5))
        #expect(try read { try $0.accessKeyGeneration() } > before)
    }
}
