package import PosthornModel
import PosthornStore
import PosthornFormats
import PosthornSystem

extension Outbox {
    /// When the client certificates of endpoints count, by endpoint. Those that do not open with this outbox's key, or
    /// cannot be used for other reasons, are left out; ``endpointFaults()`` names them.
    /// - Throws: `OutboxProblem` when the outbox cannot be read.
    package func clientCertificates() throws -> [String: CertificateValidity] {
        let topology = try read { try $0.topology(withCredentials: true, withRemoved: false) }
        let now = clock.now()
        var found: [String: CertificateValidity] = [:]
        for endpoint in topology.endpoints {
            guard case .success(let composer) = EndpointDirectory.composer(endpoint.settings, at: now) else { continue }
            found[endpoint.settings.id] = composer.clientCertificate?.validity
        }
        return found
    }
}
