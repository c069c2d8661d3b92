public import PosthornText

/// Changes of portal sessions. Part of ``OutboxStore``, under the same rules. Each counts their generation up.
public protocol PortalSessionStore: AnyObject {
    /// Stores a new session.
    func insert(_ session: StoredPortalSession) throws(OutboxProblem)
    /// Exchanges the code of a session's link for a cookie.
    /// - Returns: Whether it was done; not when it was opened or revoked before, has another code, or its link is too old.
    func openPortalSession(_ id: String, codeDigest: String, cookieDigest: String, at now: Timestamp) throws(OutboxProblem) -> Bool
    /// Revokes a session.
    /// - Returns: Whether there is one of that id; one that was revoked before stays so since then.
    func revokePortalSession(_ id: String, at now: Timestamp) throws(OutboxProblem) -> Bool
    /// Deletes sessions that expired before a moment. They open nothing, so this is no change for readers.
    func forgetPortalSessions(expiredBefore moment: Timestamp) throws(OutboxProblem)
    /// How many sessions of a node are open at a moment, or have a link that can be opened.
    func portalSessionCount(node: String, at now: Timestamp) throws(OutboxProblem) -> Int
}
