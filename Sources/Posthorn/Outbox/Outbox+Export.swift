import PosthornFormats
import PosthornModel
package import PosthornStore

extension Outbox {
    /// The hierarchy and its endpoints as a topology file, which ``apply(_:prune:pruneAll:keyLost:)`` takes back: applied to this outbox
    /// it changes nothing.
    ///
    /// - Parameter withSecrets: Whether secrets are written down. If not, each is `***`, which stands for what is stored when the file
    ///   is applied to this outbox again; another outbox refuses it.
    /// - Throws: `OutboxProblem` when an endpoint's row is damaged; of code `key` when secrets are asked for and do not open.
    package func exportedTopology(withSecrets: Bool) throws -> String {
        let (stored, closed) = try read { store in
            let stored = try store.topology(withCredentials: true, withRemoved: false)
            return (stored, try store.topology(withCredentials: false, withRemoved: false).endpoints)
        }
        let endpoints = try zip(stored.endpoints, closed).map { endpoint, closed in
            if let fault = endpoint.fault, withSecrets || fault.problem.code != .key { throw fault.problem }
            if !withSecrets { return Self.masked(endpoint, closed) }
            var settings = endpoint.settings
            settings.credentials = Credentials.configured(settings.credentials)
            return settings
        }
        return TopologyWriter.text(nodes: stored.nodes, endpoints: endpoints)
    }

    /// One endpoint with its secrets masked: what its credentials and headers are called, and those credentials that are no secrets.
    /// - Throws: `InputProblem` when there is no such endpoint.
    package func maskedEndpoint(_ id: String) throws -> StoredEndpoint {
        let found = try read { store in
            (try store.currentEndpoint(id, withCredentials: true), try store.currentEndpoint(id, withCredentials: false))
        }
        guard case (let open?, let closed?) = found else {
            throw Self.unknownEndpoint(id, among: try topology().endpoints.filter { $0.state != .removed }.map(\.settings.id))
        }
        return open.withSettings(Self.masked(open, closed))
    }

    /// - Parameter closed: The same endpoint, read without a key: all that is known where the key is missing.
    static func masked(_ endpoint: StoredEndpoint, _ closed: StoredEndpoint) -> EndpointSettings {
        let isOpen = endpoint.fault?.problem.code != .key
        var settings = isOpen ? endpoint.settings : closed.settings
        settings.credentials = Credentials.configured(settings.credentials)
        settings.keepsCredentials = !isOpen
        return settings.masked(isSecret: Credentials.secrets(of: settings.credentials))
    }
}
