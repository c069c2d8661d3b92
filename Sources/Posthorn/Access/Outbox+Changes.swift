package import PosthornModel
import PosthornStore
import PosthornSystem

/// The list of what people changed.
extension Outbox {
    /// Notes a change that was made, without waiting for it: a crash right behind a change can lose its note, and never the change.
    /// - Parameters:
    ///   - action: What was done, in the words of the command line.
    ///   - subject: The id of what was changed.
    ///   - node: The node in whose tree that is; `nil` for the whole outbox.
    ///   - share: Whose share of the list it uses; empty for the command line.
    package func note(_ action: String, subject: String?, node: String?, by actor: ChangeRecord.Actor, share: String = "") {
        let change = ChangeRecord(time: clock.now(), actor: actor, action: action, subject: subject, node: node)
        writer.submit(isolated: false) { (store) throws(OutboxProblem) in
            try store.append(change, share: share, keeping: ChangeRecord.keptLimit)
        } done: { _ in
        }
    }

    /// Notes a change by a command, which has no other actor.
    package func noteCommand(_ action: String, subject: String?) {
        // Where it is, if it is an endpoint or a node, so that those who see that see the change.
        let node = try? read { reader -> String? in
            guard let subject else { return nil }
            if action.hasPrefix("node ") { return subject }
            return action.hasPrefix("endpoint ") ? try reader.endpoint(id: subject)?.settings.node : nil
        }
        note(action, subject: subject, node: node, by: .commandLine)
    }
}
