import Posthorn
import PosthornModel
import PosthornOutbox

/// How secrets are kept.
enum CredentialChecks {
    static func all(_ outbox: Outbox) throws -> [Finding] {
        let (storage, hasKey) = try outbox.credentialStorage()
        let faults = try outbox.faults()
        let runsWithoutIt = try outbox.knownFaults().filter { faults[$0.key] == nil }
        let found = broken(faults) + unusedByRun(runsWithoutIt)
        return found + (faults.isEmpty ? [finding(storage, hasKey: hasKey)] : [])
    }

    /// Endpoints that this command could use, and posthorn run cannot or could not.
    static func unusedByRun(_ faults: [String: String]) -> [Finding] {
        faults.sorted { $0.key < $1.key }.map { id, reason in
            Finding(
                .warn,
                "endpoint",
                "\(Visible.text(id)): \(Visible.text(reason)); its deliveries wait until posthorn run is started again, with the right key where it is that"
            )
        }
    }

    /// Endpoints that cannot be used as they stand.
    static func broken(_ faults: [String: String]) -> [Finding] {
        faults.sorted { $0.key < $1.key }.map { id, reason in
            Finding(
                .problem,
                "endpoint",
                "\(Visible.text(id)) cannot be used, and its deliveries wait: \(Visible.text(reason)); give the right key, or apply the "
                    + "topology, which writes it anew (with --key-lost, if no key opens any)"
            )
        }
    }

    static func finding(_ storage: CredentialStorage, hasKey: Bool) -> Finding {
        if storage.inTheClear > 0 {
            let remedy =
                hasKey
                ? "apply the topology with this key to seal them"
                : "make a key (openssl rand -hex 32), give it to every posthorn command as POSTHORN_KEY or --key-file, and apply the topology"
            return Finding(
                .warn,
                "credentials",
                "those of \(Words.count(storage.inTheClear, "endpoint")), fixed headers among them, stand in the clear, for whoever can read the file; \(remedy)"
            )
        }
        if storage.sealed == 0 { return Finding(.ok, "credentials", "no endpoint has any") }
        let key = hasKey ? "and the key opens them" : "no key was given to this command, so they were not tried"
        return Finding(.ok, "credentials", "those of \(Words.count(storage.sealed, "endpoint")) are sealed, \(key)")
    }
}
