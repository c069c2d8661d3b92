import PosthornStore
package import PosthornSending
import PosthornFormats
import PosthornSystem

extension Outbox {
    /// Runs the vendor's URL verification now, and waits for the answer.
    ///
    /// An unverified endpoint that succeeds becomes active, and what was held for it goes out. One that is active already
    /// stays so whatever comes of it; so does one that is disabled.
    ///
    /// - Parameters:
    ///   - id: The endpoint.
    ///   - guard: Which addresses may be reached.
    ///   - caFile: A PEM file of certificate authorities instead of the system's.
    ///   - limitMilliseconds: The longest wait, where the endpoint's own timeout is longer.
    /// - Throws: `InputProblem` when there is no such endpoint; `OutboxProblem` when it cannot be read, or the result not recorded.
    package func verify(
        endpoint id: String,
        guard: EgressGuard,
        caFile: String? = nil,
        limitMilliseconds: Int = .max
    ) throws -> EndpointVerification {
        let endpoint = try endpointWithCredentials(id)
        guard endpoint.settings.needsValidation else {
            return EndpointVerification(state: endpoint.state, failure: nil, error: nil, isNeeded: false)
        }
        let composer = Result { () throws(InputProblem) in try EndpointComposer(endpoint.settings, now: clock.now()) }
        var settings = endpoint.settings
        settings.timeoutMilliseconds = min(settings.timeoutMilliseconds, limitMilliseconds)
        let found = VendorHandshake(guard: `guard`, caFile: caFile).failure(of: settings, composer)
        let failure = found?.text
        let state: EndpointState = try writer.perform { [clock] (store) throws(OutboxProblem) in
            let now = clock.now()
            if try store.settleHandshake(ofEndpoint: endpoint.key, revision: endpoint.revision, failure: failure, at: now) {
                return failure == nil ? .active : .unverified
            }
            return try store.endpoint(endpoint.key)?.state ?? .removed
        }
        if state == .active {
            try followTopology()
            try settleHeld()
        }
        // The URL changed meanwhile; the result is stale.
        let isOutdated = failure == nil && state == .unverified
        let reason = isOutdated ? "the URL was changed while it was asked; verify it again" : failure
        return EndpointVerification(state: state, failure: reason, error: found?.error, isNeeded: true)
    }

    /// An endpoint with its credentials.
    /// - Throws: `InputProblem` when there is none, or it is removed; `OutboxProblem` when it cannot be read.
    func endpointWithCredentials(_ id: String) throws -> StoredEndpoint {
        guard let endpoint = try read({ try $0.currentEndpoint(id, withCredentials: true) }) else { throw Self.unknownEndpoint(id) }
        if let fault = endpoint.fault { throw fault.problem }
        return endpoint
    }
}
