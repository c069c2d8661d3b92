package import PosthornModel
import PosthornFormats
import PosthornStore
import PosthornSystem

/// Portal sessions: visits of customers who have no key. A running API follows their changes within a second, whichever process makes them.
extension Outbox {
    /// Makes a session that waits for its link to be opened.
    ///
    /// - Parameters:
    ///   - node: The node whose tree is all it sees.
    ///   - rights: What it may do there.
    ///   - lifetimeMilliseconds: How long it lasts.
    ///   - maker: The id of the key that asks for it; the session ends with that key.
    /// - Returns: The session, and the code of its link, which is stored nowhere and cannot be shown again.
    /// - Throws: `InputProblem` when there is no such node, too many sessions are open there, or the rights are not for sessions.
    package func makePortalSession(
        node: String,
        rights: Set<AccessRight>,
        lifetimeMilliseconds: Int64,
        maker: String? = nil
    ) throws -> (session: PortalSession, code: PortalToken) {
        try PortalSession.check(rights: rights)
        let id = SecureRandom.hex(byteCount: AccessToken.idLength / 2)
        let code = PortalToken(.code, id: id, secret: SecureRandom.text(byteCount: 32))
        let result: Result<PortalSession, InputProblem> = try writer.perform { [clock] (store) throws(OutboxProblem) in
            if try store.node(id: node) == nil {
                return .failure(
                    InputProblem(field: "node", value: node, reason: "is not known; `posthorn node list` shows the hierarchy")
                )
            }
            let now = clock.now()
            try store.forgetPortalSessions(expiredBefore: now.advanced(byMilliseconds: -PortalSession.keptMilliseconds))
            if try store.portalSessionCount(node: node, at: now) >= PortalSession.limitEach {
                let reason = "has \(PortalSession.limitEach) portal sessions, and no more are allowed; revoke those that are not needed"
                return .failure(InputProblem(.notAllowedNow, field: "node", value: node, reason: reason))
            }
            let session = PortalSession(
                id: id,
                node: node,
                rights: rights,
                created: now,
                expires: now.advanced(byMilliseconds: lifetimeMilliseconds),
                maker: maker
            )
            try store.insert(StoredPortalSession(session, codeDigest: Self.digest(of: code)))
            return .success(session)
        }
        return (try result.get(), code)
    }

    /// Exchanges the code of a link for what the browser keeps.
    /// - Returns: What it keeps; `nil` when the code is not known, was used, or is too old.
    package func openPortalSession(_ code: PortalToken) throws -> PortalToken? {
        // Made here and never taken from a request, so that no one knows it before the session is opened.
        let token = PortalToken(.session, id: code.id, secret: SecureRandom.text(byteCount: 32))
        let isOpened = try writer.perform { [clock] (store) throws(OutboxProblem) in
            try store.openPortalSession(
                code.id,
                codeDigest: Self.digest(of: code),
                cookieDigest: Self.digest(of: token),
                at: clock.now()
            )
        }
        return isOpened ? token : nil
    }

    /// Ends a session.
    /// - Throws: `InputProblem` when there is none of that id.
    package func revokePortalSession(_ id: String) throws {
        let isKnown = try writer.perform { [clock] (store) throws(OutboxProblem) in try store.revokePortalSession(id, at: clock.now()) }
        if !isKnown { throw InputProblem(field: "portal session", value: id, reason: "is not known") }
    }

    /// All sessions in the order in which they were made, with those that have expired of late.
    package func portalSessions() throws -> [PortalSession] { try read { try $0.portalSessions(changedAfter: 0) }.map(\.session) }

    /// Sessions with their digests that have changed since a generation, and the present one.
    func storedPortalSessions(changedAfter generation: Int64) throws -> (generation: Int64, sessions: [StoredPortalSession]) {
        try read { (try $0.portalSessionGeneration(), try $0.portalSessions(changedAfter: generation)) }
    }

    /// What is stored of a text that opens a session.
    static func digest(of token: PortalToken) -> String { MessageDigest.sha256(Array(token.text.utf8)) }

    /// What a page must send along with every change that a session's cookie goes with: only a page that can read an answer of the API
    /// knows it.
    static func csrfToken(of token: PortalToken) -> String { MessageDigest.sha256(Array("csrf \(token.text)".utf8)) }
}
