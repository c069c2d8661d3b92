package import PosthornModel
package import PosthornText

extension JSONLine {
    /// What was changed by hand.
    package init(_ change: ChangeRecord) {
        self.init()
        add("id", String(change.number))
        add("time", change.time)
        let (kind, id, name) = Self.words(of: change.actor)
        add("by", kind)
        add("by_id", id)
        add("by_name", name)
        add("action", change.action)
        add("subject", change.subject)
        add("node", change.node)
    }

    private static func words(of actor: ChangeRecord.Actor) -> (kind: String, id: String?, name: String?) {
        switch actor {
        case .key(let id, let name): return ("key", id, name)
        case .portalSession(let id): return ("portal session", id, nil)
        case .commandLine: return ("command line", nil, nil)
        case .noKey: return ("no key", nil, nil)
        }
    }
}
