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
}
