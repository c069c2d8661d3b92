import Posthorn
import PosthornModel
import PosthornStore

/// How secrets are kept.
enum CredentialChecks {
    /// - Parameter held: How many deliveries are held, by endpoint.
    static func all(_ outbox: Outbox, held: [String: Int]) throws -> [Finding] {
        let (storage, hasKey) = try outbox.credentialStorage()
        let faults = try outbox.endpointFaults()
        let found = broken(faults.found) + unusedByRun(faults.lastRun) + mended(faults.mended, held: held)
        return found + (faults.found.isEmpty ? [finding(storage, hasKey: hasKey)] : [])
    }

    /// Endpoints that posthorn run cannot use, or could not, for all that this command knows.
    static func unusedByRun(_ faults: [String: String]) -> [Finding] {
        faults.sorted { $0.key < $1.key }.map { id, reason in
            Finding(
                .warn,
                "endpoint",
                "\(TerminalText.text(id)): \(TerminalText.text(reason)); its deliveries wait; if it lacks the key, start posthorn run "
                    + "with it, else mend what it names"
            )
        }
    }

    /// Endpoints that the last run could not use and the next one can: worth a line where deliveries wait for it.
    static func mended(_ faults: [String: String], held: [String: Int]) -> [Finding] {
        faults.sorted { $0.key < $1.key }.compactMap { id, reason in
            guard let waiting = held[id], waiting > 0 else { return nil }
            return Finding(
                .warn,
                "endpoint",
                "\(TerminalText.text(id)): \(TerminalText.text(reason)); it can be used now, and \(HumanText.count(waiting, "delivery waits", "deliveries wait")) "
                    + "for posthorn run to be started, with the key that this command was given if any"
            )
        }
    }

    /// Endpoints that cannot be used as they stand.
    static func broken(_ faults: [String: String]) -> [Finding] {
        faults.sorted { $0.key < $1.key }.map { id, reason in
            Finding(
                .problem,
                "endpoint",
                "\(TerminalText.text(id)) cannot be used, and its deliveries wait: \(TerminalText.text(reason)); or apply the "
                    + "topology with it, which writes it again (with --key-lost, if the key is gone)"
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
                "\(HumanText.count(storage.inTheClear, "endpoint")) with unencrypted credentials or headers, readable by anyone who can read the file; \(remedy)"
            )
        }
        if storage.sealed == 0 { return Finding(.ok, "credentials", "no endpoint has any") }
        let key = hasKey ? "and the key opens them" : "no key was given to this command, so they were not tried"
        return Finding(.ok, "credentials", "those of \(HumanText.count(storage.sealed, "endpoint")) are sealed, \(key)")
    }
}
