import PosthornStore
import PosthornFormats
import PosthornSystem

extension Outbox {
    /// Replaces an endpoint's secret, or its token for Webio. Every attempt from now on uses it, also those of deliveries that
    /// wait already; a request that is on the wire keeps what it left with.
    ///
    /// - Parameters:
    ///   - id: The endpoint.
    ///   - name: Which secret, where a vendor's file names several.
    ///   - newSecret: The new secret; `nil` to have one made.
    ///   - graceMilliseconds: How long the replaced secret signs too; ``Credentials/defaultGraceMilliseconds`` when `nil`, and where the
    ///     format carries one signature alone.
    /// - Throws: `InputProblem` when there is no such endpoint, it has nothing to rotate, the secret is of no use, or a grace period is
    ///   given and the format carries one signature alone.
    package func rotate(endpoint id: String, name: String? = nil, newSecret: String? = nil, graceMilliseconds: Int64? = nil) throws
        -> SecretRotation
    {
        let result: Result<SecretRotation, InputProblem> = try writer.perform { [clock] (store) throws(OutboxProblem) in
            guard let endpoint = try store.currentEndpoint(id, withCredentials: true) else {
                return .failure(Self.unknownEndpoint(id))
            }
            if let fault = endpoint.fault { throw fault.problem }
            let now = clock.now()
            let member: String
            do throws(InputProblem) { member = try Credentials.rotatedMember(endpoint.settings, named: name) } catch {
                return .failure(error)
            }
            let hasGrace = Credentials.carriesSeveralSignatures(endpoint.settings, member: member)
            if let graceMilliseconds, graceMilliseconds > 0, !hasGrace { return .failure(Self.noGrace(endpoint.settings)) }
            let grace = graceMilliseconds ?? Credentials.defaultGraceMilliseconds
            let rotation: Credentials.Rotation
            do throws(InputProblem) {
                rotation = try Credentials.rotated(
                    endpoint.settings,
                    name: name,
                    newSecret: newSecret,
                    at: now,
                    graceMilliseconds: grace
                )
            } catch {
                return .failure(error)
            }
            // Sealed for the id as the row has it, which Swift takes for equal to other bytes of the same letters.
            try store.setCredentials(rotation.credentials, ofEndpoint: endpoint.key, id: endpoint.settings.id, at: now)
            return .success(
                SecretRotation(
                    shownOnce: rotation.shownOnce,
                    signature: endpoint.settings.signature,
                    replacedSignsUntil: hasGrace && grace > 0 ? now.advanced(byMilliseconds: grace) : nil
                )
            )
        }
        let rotation = try result.get()
        try followTopology()
        return rotation
    }

    /// The longest grace period that may be asked for: 30 days.
    package static let graceLimitMilliseconds: Int64 = 2_592_000_000

    private static func noGrace(_ settings: EndpointSettings) -> InputProblem {
        InputProblem(
            .incompatible,
            field: "grace",
            reason: "is of no use with signature \(settings.signature.rawValue), which carries one secret alone; leave it out"
        )
    }

    /// Until when each secret of an endpoint that was replaced still signs beside its successor, newest first; none where the key of
    /// sealed credentials is missing.
    /// - Throws: `InputProblem` when there is no such endpoint.
    package func replacedSecretsSign(endpoint id: String) throws -> [Timestamp] {
        guard let endpoint = try read({ try $0.currentEndpoint(id, withCredentials: true) }) else { throw Self.unknownEndpoint(id) }
        guard Credentials.carriesSeveralSignatures(endpoint.settings) else { return [] }
        return Credentials.replacedSecretsSign(endpoint.settings.credentials, at: clock.now())
    }
}
