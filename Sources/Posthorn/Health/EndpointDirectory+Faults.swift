import PosthornModel
import PosthornText
import PosthornStore
import PosthornSending
import PosthornFormats
import PosthornSystem

/// Endpoints that cannot be used: each stops itself and nobody else.
extension EndpointDirectory {
    /// The faults of endpoints by their ids, removed ones left out.
    var faults: [String: String] {
        var faults: [String: String] = [:]
        for entry in faultyEntries { faults[entry.stored.settings.id] = entry.fault }
        return faults
    }

    /// The numbers of endpoints whose deliveries are held whatever their state.
    var faultyKeys: [Int64] { faultyEntries.map(\.stored.key) }

    /// What to say when the key is missing, or is another one, and so nothing at all can be sent; else `nil`.
    var missingKey: OutboxProblem? {
        let faulty = faultyEntries
        guard faulty.count == presentCount else { return nil }
        return faulty.lazy.compactMap { $0.stored.fault?.problem }.first { $0.code == .key }
    }

    /// Why nothing can be sent to an endpoint; `nil` when all is well.
    static func fault(of stored: StoredEndpoint, _ composer: Result<EndpointComposer, InputProblem>) -> String? {
        if let fault = stored.fault { return "\(fault.problem)" }
        do throws(InputProblem) {
            _ = try composer.get()
            _ = try EndpointURL(stored.settings.url)
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// The same for one that is read only to be looked at.
    static func fault(of stored: StoredEndpoint, at now: Timestamp) -> String? {
        fault(of: stored, composer(stored.settings, at: now))
    }

    /// Looks at the faulty endpoints again: whoever mends a row with SQL counts nothing up. The next reading is a whole one
    /// when something about them has changed.
    func lookAgain(in store: any TopologyLookup, at now: Timestamp) throws(OutboxProblem) {
        for entry in faultyEntries {
            guard let stored = try store.endpoint(entry.stored.key) else { continue }
            if Self.fault(of: stored, at: now) != entry.fault { return invalidate() }
        }
    }
}
