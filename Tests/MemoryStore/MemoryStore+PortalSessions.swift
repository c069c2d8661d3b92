import PosthornModel
import PosthornStore
import PosthornText

extension MemoryStore {
    func insert(_ session: StoredPortalSession) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in
            if tables.portalSessions.contains(where: { $0.stored.session.id == session.session.id }) {
                throw OutboxProblem(.constraint, "there is a portal session of that id")
            }
            tables.portalGeneration += 1
            tables.portalSessions.append((session, tables.portalGeneration))
        }
    }

    func openPortalSession(
        _ id: String,
        codeDigest: String,
        cookieDigest: String,
        at now: Timestamp
    ) throws(OutboxProblem) -> Bool {
        try update { (tables) throws(OutboxProblem) in
            let place = tables.portalSessions.firstIndex { row in
                row.stored.session.id == id && row.stored.codeDigest == codeDigest && row.stored.session.state(at: now) == .unopened
            }
            guard let place else { return false }
            tables.change(place) { $0.with(opened: now, revoked: nil, cookieDigest: cookieDigest) }
            return true
        }
    }

    func revokePortalSession(_ id: String, at now: Timestamp) throws(OutboxProblem) -> Bool {
        try update { (tables) throws(OutboxProblem) in
            guard let place = tables.portalSessions.firstIndex(where: { $0.stored.session.id == id }) else { return false }
            tables.change(place) { old in
                old.with(opened: old.session.opened, revoked: old.session.revoked ?? now, cookieDigest: old.cookieDigest)
            }
            return true
        }
    }

    func forgetPortalSessions(expiredBefore moment: Timestamp) throws(OutboxProblem) {
        try update { (tables) throws(OutboxProblem) in tables.portalSessions.removeAll { $0.stored.session.expires < moment } }
    }

    func portalSessionCount(node: String, at now: Timestamp) throws(OutboxProblem) -> Int {
        tables.portalSessions.count { row in
            row.stored.session.node == node && [.unopened, .open].contains(row.stored.session.state(at: now))
        }
    }
}

extension MemoryReader {
    func portalSessions(changedAfter generation: Int64) throws(OutboxProblem) -> [StoredPortalSession] {
        tables.portalSessions.filter { $0.changed > generation }.map(\.stored)
    }

    func portalSessions(_ rows: NamedRows) throws(OutboxProblem) -> [StoredPortalSession] {
        Self.part(tables.portalSessions.map(\.stored), rows, \.session.id)
    }

    func portalSessionGeneration() throws(OutboxProblem) -> Int64 { tables.portalGeneration }
}

extension Tables {
    fileprivate mutating func change(_ place: Int, _ change: (StoredPortalSession) -> StoredPortalSession) {
        portalGeneration += 1
        portalSessions[place] = (change(portalSessions[place].stored), portalGeneration)
    }
}

extension StoredPortalSession {
    fileprivate func with(opened: Timestamp?, revoked: Timestamp?, cookieDigest: String?) -> StoredPortalSession {
        let changed = PortalSession(
            id: session.id,
            node: session.node,
            rights: session.rights,
            created: session.created,
            expires: session.expires,
            opened: opened,
            revoked: revoked,
            maker: session.maker
        )
        return StoredPortalSession(changed, codeDigest: codeDigest, cookieDigest: cookieDigest)
    }
}
