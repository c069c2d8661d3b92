package import PosthornModel
package import PosthornText

extension JSONLine {
    /// A key of the HTTP API, without what proves that someone has it.
    package init(_ key: AccessKey, at now: Timestamp) {
        self.init()
        add("id", key.id)
        add("name", key.name)
        add("node", key.node)
        add("rights", key.rights.sorted().map(\.rawValue))
        add("state", key.revoked != nil ? "revoked" : key.isValid(at: now) ? "valid" : "expired")
        add("created", key.created)
        add("expires", key.expires)
        add("last_used", key.lastUsed)
        add("revoked", key.revoked)
        add("made_by", key.maker)
    }
    /// A portal session, without what opens it.
    package init(_ session: PortalSession, at now: Timestamp) {
        self.init()
        add("id", session.id)
        add("node", session.node)
        add("rights", session.rights.sorted().map(\.rawValue))
        add("state", session.state(at: now).rawValue)
        add("created", session.created)
        add("expires", session.expires)
        add("opened", session.opened)
        add("revoked", session.revoked)
        add("made_by", session.maker)
    }
}
