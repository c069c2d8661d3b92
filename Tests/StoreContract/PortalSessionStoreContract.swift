import PosthornModel
import PosthornStore
import PosthornText
import Testing

extension StoreContract {
    static let portalRules: [Rule] = [
        Rule("a portal session is stored, listed and counted as a change") { try $0.portalSessionsAreStored() },
        Rule("a portal session's link is opened once, with its code, in time") { try $0.portalSessionsAreOpenedOnce() },
        Rule("a portal session is revoked, opened or not") { try $0.portalSessionsAreRevoked() },
        Rule("portal sessions are counted while they are of use, and forgotten afterwards") { try $0.portalSessionsAreForgotten() },
    ]

    private func session(_ id: String, node: String = "n", opened: Timestamp? = nil, revoked: Timestamp? = nil) -> PortalSession {
        PortalSession(
            id: id,
            node: node,
            rights: [.read, .retry],
            created: now,
            expires: later(3_600_000),
            opened: opened,
            revoked: revoked,
            maker: "m"
        )
    }

    private func add(_ store: any OutboxStore, _ sessions: PortalSession...) throws {
        try store.write { () throws(OutboxProblem) in
            for session in sessions { try store.insert(StoredPortalSession(session, codeDigest: "code of \(session.id)")) }
        }
    }

    private func exchange(_ store: any OutboxStore, _ id: String, code: String? = nil, at moment: Timestamp) throws -> Bool {
        try store.write { () throws(OutboxProblem) in
            try store.openPortalSession(id, codeDigest: code ?? "code of \(id)", cookieDigest: "cookie of \(id)", at: moment)
        }
    }

    private func sessions(after generation: Int64 = 0) throws -> [StoredPortalSession] {
        try read { try $0.portalSessions(changedAfter: generation) }
    }

    private func portalSessionsAreStored() throws {
        let store = try open()
        let before = try read { try $0.portalSessionGeneration() }
        try add(store, session("b"), session("a", node: "other"))
        #expect(try sessions().map(\.session) == [session("b"), session("a", node: "other")])
        #expect(try sessions()[0] == StoredPortalSession(session("b"), codeDigest: "code of b"))
        #expect(try read { try $0.portalSessionGeneration() } > before)
        func some(limit: Int = 9, _ change: (inout NamedRows) -> Void = { _ in }) throws -> [String] {
            var rows = NamedRows(limit: limit)
            change(&rows)
            return try read { [rows] in try $0.portalSessions(rows).map(\.session.id) }
        }
        #expect(try some() == ["a", "b"] && some(limit: 1) == ["a"] && some { $0.after = "a" } == ["b"])
        #expect(try some { $0.before = "c" } == ["b", "a"] && some { $0.before = "b" } == ["a"])
        #expect(throws: OutboxProblem.self) { try add(store, session("a")) }
    }

    private func portalSessionsAreOpenedOnce() throws {
        let store = try open()
        try add(store, session("a"), session("b"), session("late"))
        let before = try read { try $0.portalSessionGeneration() }
        #expect(try !exchange(store, "a", code: "code of b", at: later(1)))
        #expect(try !exchange(store, "unknown", at: later(1)))
        #expect(try exchange(store, "a", at: later(2)))
        #expect(try !exchange(store, "a", at: later(3)))
        #expect(try !exchange(store, "late", at: later(PortalSession.linkMilliseconds)))
        #expect(try exchange(store, "b", at: later(PortalSession.linkMilliseconds - 1)))
        let changed = try sessions(after: before)
        #expect(changed.map(\.session.id) == ["a", "b"])
        let opened = StoredPortalSession(session("a", opened: later(2)), codeDigest: "code of a", cookieDigest: "cookie of a")
        #expect(changed.first == opened)
    }

    private func portalSessionsAreRevoked() throws {
        let store = try open()
        try add(store, session("a"), session("b"))
        #expect(try exchange(store, "b", at: later(1)))
        func revoke(_ id: String, _ moment: Timestamp) throws -> Bool {
            try store.write { () throws(OutboxProblem) in try store.revokePortalSession(id, at: moment) }
        }
        let before = try read { try $0.portalSessionGeneration() }
        #expect(try revoke("a", later(5)) && revoke("a", later(9)) && revoke("b", later(5)) && !revoke("unknown", now))
        #expect(try sessions().map(\.session) == [session("a", revoked: later(5)), session("b", opened: later(1), revoked: later(5))])
        #expect(try read { try $0.portalSessionGeneration() } > before)
        #expect(try !exchange(store, "a", at: later(6)))
    }

    private func portalSessionsAreForgotten() throws {
        let store = try open()
        try add(store, session("a"), session("b"), session("c", node: "other"))
        #expect(try exchange(store, "b", at: later(1)))
        func count(_ moment: Timestamp) throws -> Int {
            try store.write { () throws(OutboxProblem) in try store.portalSessionCount(node: "n", at: moment) }
        }
        #expect(try count(later(1)) == 2 && count(later(PortalSession.linkMilliseconds)) == 1 && count(later(3_600_000)) == 0)
        let generation = try read { try $0.portalSessionGeneration() }
        try store.write { () throws(OutboxProblem) in try store.forgetPortalSessions(expiredBefore: later(3_600_000)) }
        #expect(try sessions().count == 3)
        try store.write { () throws(OutboxProblem) in try store.forgetPortalSessions(expiredBefore: later(3_600_001)) }
        #expect(try sessions().isEmpty && read { try $0.portalSessionGeneration() } == generation)
    }
}
