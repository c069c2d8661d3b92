package import PosthornModel
package import PosthornStore
import PosthornSystem

extension Outbox {
    /// What ``apply(_:prune:pruneAll:keyLost:)`` would change, and how many deliveries it would cancel. Changes nothing.
    /// - Throws: As that does.
    package func preview(
        _ topology: Topology,
        prune: Bool = false,
        pruneAll: Bool = false,
        keyLost: Bool = false
    ) throws -> [TopologyChange] {
        try check(topology, prune: prune, pruneAll: pruneAll)
        let (outcome, present) = try read { source in
            (
                try plan(topology, prune, keyLost, in: source, at: clock.now()),
                try source.topology(withCredentials: true, withRemoved: false).endpoints
            )
        }
        let decided = try outcome.get()
        let changes = decided.changes(cancelling: try countWaiting(ofEndpoints: decided.removedEndpoints).deliveries)
        // What is written again is sealed with it.
        let written = Set(decided.changed.map(\.key) + decided.removedEndpoints)
        let clear = sealing == nil ? [] : present.filter { $0.isInTheClear && !written.contains($0.key) }
        return changes + clear.map { .credentialsSealed($0.settings.id) }
    }
}

extension StoredEndpoint {
    /// Whether something of it can be read in the outbox that a key would seal.
    fileprivate var isInTheClear: Bool { !isSealed && !(settings.credentials.isEmpty && settings.headers.isEmpty) }
}
