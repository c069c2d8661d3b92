import PosthornStore
import PosthornFormats
package import PosthornModel
import PosthornSystem
package import PosthornSending
import PosthornText
import Synchronization

extension ScopedOutbox {
    /// One endpoint of the tree, its secrets masked.
    package func endpoint(_ id: String) throws -> EndpointDocument {
        try outbox.read { reader in
            let closed = try endpoint(id, in: try outbox.topologies.view(reader))
            guard let open = try reader.endpoint(id: closed.settings.id), open.state != .removed else {
                throw Self.unknown("endpoint", id)
            }
            return Self.document(open, closed, try reader.digestSalt())
        }
    }

    /// One endpoint of the tree as it is stored, with its secrets.
    package func endpointWithSecrets(_ id: String) throws -> EndpointSettings {
        try endpoint(id, in: topology())
        var settings = try outbox.endpointWithCredentials(id).settings
        settings.credentials = Credentials.configured(settings.credentials)
        return settings
    }

    private static func document(_ open: StoredEndpoint, _ closed: StoredEndpoint, _ salt: String) -> EndpointDocument {
        EndpointDocument(endpoint: open.withSettings(Outbox.masked(open, closed)), tag: tag(open, salt))
    }

    private static func tag(_ open: StoredEndpoint, _ salt: String) -> String {
        let text = "\(salt) \(open.key) \(open.revision) \(open.state.rawValue) \(TopologyWriter.object(open.settings).text)"
        return String(MessageDigest.sha256(Array(text.utf8)).prefix(32))
    }

    /// Makes or changes an endpoint of the tree.
    ///
    /// - Parameters:
    ///   - settings: What it shall be. `***` in place of a secret keeps what is stored.
    ///   - change: What must be so for it.
    /// - Throws: `InputProblem` for the settings; ``ScopeProblem`` for what is in the way.
    package func put(_ settings: EndpointSettings, _ change: EndpointChange) throws {
        let salt = try outbox.read { try $0.digestSalt() }
        let topology = try Topology(nodes: [], endpoints: [settings])
        let url = MaskedURL.isMasked(settings.url) ? MaskedURL.withoutQuery(settings.url) : settings.url
        do throws(InputProblem) { try Self.check(try EndpointURL(url), change.guard) } catch { throw error.at("url") }
        while true {
            let outcome: Result<Bool, any Error> = try outbox.writer.perform { [self] (store) throws(OutboxProblem) in
                if let problem = try obstacle(to: settings, change, salt, store) { return .failure(problem) }
                switch try outbox.applyStep({ _ in .success(topology) }, false, false, Outbox.Waiting(), in: store) {
                case .success(let changes): return .success(changes != nil)
                case .failure(let problem): return .failure(problem)
                }
            }
            if try outcome.get() { break }
        }
        try outbox.followTopology()
    }

    /// Refuses an address in a URL that no request will ever reach.
    private static func check(_ url: EndpointURL, _ guard: EgressGuard) throws(InputProblem) {
        if `guard`.proxy != nil, let reason = `guard`.refusal(of: url) {
            throw InputProblem(.notAllowed, field: "url", value: url.host, reason: reason)
        }
        let host = url.host.hasPrefix("[") ? String(url.host.dropFirst().dropLast()) : url.host
        // A name that is only this machine's is no better than its address.
        let text = host.lowercased() == "localhost" ? "127.0.0.1" : host
        guard let address = NetworkAddress(text) else { return }
        switch `guard`.verdict(address: address, isPlainHTTP: url.isPlainHTTP) {
        case .permitted: return
        case .forbiddenAddress:
            throw InputProblem(
                .notAllowed,
                field: "url",
                value: host,
                reason: "is an address that no request goes to",
                remedy: .openAddress
            )
        case .plainHTTP:
            throw InputProblem(.notAllowed, field: "url", value: host, reason: "would be called in clear text; write https")
        }
    }

    /// What stands against a change, looked for in the transaction that makes it.
    private func obstacle(
        to settings: EndpointSettings,
        _ change: EndpointChange,
        _ salt: String,
        _ store: any OutboxStore
    ) throws(OutboxProblem) -> (any Error)? {
        let stored = try store.endpoint(id: settings.id)
        let isInside = if let stored { try isInside(stored.settings.node, store) } else { true }
        if change.isNew {
            // The same for one elsewhere. A removed one comes back with what it had, so not from elsewhere.
            if let stored, stored.state != .removed || !isInside {
                return ScopeProblem.conflict("the id \(InputProblem.printable(settings.id)) is taken; choose another one, or leave it out")
            }
        } else {
            guard let stored, stored.state != .removed, isInside else { return Self.unknown("endpoint", settings.id) }
            if let tags = change.tags, !tags.contains(Self.tag(stored, salt)) { return ScopeProblem.changed }
        }
        let isKnown = try store.node(id: settings.node) != nil
        let isAllowed = try self.isInside(settings.node, store)
        if !isKnown || !isAllowed {
            return InputProblem(
                .notFound,
                field: "node",
                value: settings.node,
                reason: "names no node of the hierarchy",
                remedy: .listNodes
            )
        }
        // Work for every request that its node did not choose: what signs, and over what, is for the operator to say.
        if let document = settings.credentials[VendorDocument.member], stored?.settings.credentials[VendorDocument.member] != document {
            return InputProblem(
                .notAllowed,
                field: "vendor",
                reason: "holds a vendor's file, which only posthorn apply takes; leave the one that is stored as it is"
            )
        }
        if let stored, !change.movesSecrets,
            // A secret that was rotated away stands for the present one.
            settings.keepsSecrets || Credentials.namesRotatedSecret(settings, stored: stored.settings.credentials),
            Self.origin(stored.settings.url) != Self.origin(settings.url)
        {
            return InputProblem(
                .notAllowed,
                field: "url",
                value: MaskedURL.text(settings.url),
                reason:
                    "is at another host, where secrets that are stored (***) do not go along; write them, or use a key with the right secrets"
            )
        }
        return nil
    }

    private func isInside(_ id: String, _ store: any OutboxStore) throws(OutboxProblem) -> Bool {
        guard let node else { return true }
        return try Self.isWithin(id, node, store)
    }

    /// Scheme, host and port.
    private static func origin(_ url: String) -> [String] {
        guard let parsed = try? EndpointURL(MaskedURL.withoutQuery(url)) else { return [url] }
        return [parsed.host, String(parsed.port), parsed.isPlainHTTP ? "http" : "https"]
    }

    /// Removes an endpoint of the tree.
    /// - Parameter tags: Tags of which it must have one; `nil` when any will do.
    /// - Returns: How many deliveries that waited were cancelled.
    /// - Throws: ``ScopeProblem`` when deliveries wait and may not be cancelled, or it has another tag.
    package func remove(endpoint id: String, cancelsWaiting: Bool, tags: [String]? = nil) throws -> Int {
        try endpoint(id, in: topology())
        // Before anything that waits is cancelled, and again in the transaction that removes it.
        if let tags, !tags.contains(try endpoint(id).tag) { throw ScopeProblem.changed }
        let salt = try outbox.read { try $0.digestSalt() }
        let hasChanged = Atomic(false)
        do {
            return try outbox.remove(endpoint: id, cancelsWaiting: cancelsWaiting) { (store) throws(OutboxProblem) in
                guard let tags, let stored = try store.endpoint(id: id), !tags.contains(Self.tag(stored, salt)) else { return nil }
                hasChanged.store(true, ordering: .relaxed)
                return InputProblem(.notAllowedNow, field: "endpoint", value: id, reason: "has changed meanwhile")
            }
        } catch let problem as InputProblem {
            if hasChanged.load(ordering: .relaxed) { throw ScopeProblem.changed }
            if problem.remedy == .cancelWaiting {
                throw ScopeProblem.conflict("deliveries wait for it; add waiting=cancel to cancel them, or let them go out first")
            }
            throw problem
        }
    }

    /// Switches an endpoint of the tree on or off.
    package func setEnabled(_ enabled: Bool, endpoint id: String, reason: String?) throws -> EndpointState {
        try endpoint(id, in: topology())
        return try outbox.setEnabled(enabled, endpoint: id, reason: reason)
    }

    /// The longest that a request waits for a receiver: 30 seconds.
    package static let callMilliseconds = 30_000

    /// Runs the vendor's URL verification of an endpoint of the tree; see ``Outbox/verify(endpoint:guard:caFile:limitMilliseconds:)``.
    package func verify(endpoint id: String, guard: EgressGuard, caFile: String?) throws -> EndpointVerification {
        try endpoint(id, in: topology())
        return try outbox.verify(endpoint: id, guard: `guard`, caFile: caFile, limitMilliseconds: Self.callMilliseconds)
    }

    /// Sends a sample event to an endpoint of the tree; see ``Outbox/test(endpoint:type:data:guard:caFile:limitMilliseconds:)``.
    package func test(endpoint id: String, type: String?, data: [UInt8]?, guard: EgressGuard, caFile: String?) throws -> EndpointTest {
        try endpoint(id, in: topology())
        return try outbox.test(
            endpoint: id,
            type: type,
            data: data,
            guard: `guard`,
            caFile: caFile,
            limitMilliseconds: Self.callMilliseconds
        )
    }

    /// Replaces the secret of an endpoint of the tree; see ``Outbox/rotate(endpoint:name:newSecret:graceMilliseconds:)``.
    package func rotate(endpoint id: String, name: String?, newSecret: String?, graceMilliseconds: Int64?) throws -> SecretRotation {
        try endpoint(id, in: topology())
        return try outbox.rotate(endpoint: id, name: name, newSecret: newSecret, graceMilliseconds: graceMilliseconds)
    }

    /// Fills a text with values that the receiver of a Webio endpoint of the tree gives; see
    /// ``Outbox/ask(endpoint:text:customer:channel:guard:caFile:limitMilliseconds:)``.
    package func ask(
        endpoint id: String,
        text: String,
        customer: String?,
        channel: String,
        guard: EgressGuard,
        caFile: String?
    ) throws -> String {
        try endpoint(id, in: topology())
        return try outbox.ask(
            endpoint: id,
            text: text,
            customer: customer,
            channel: channel,
            guard: `guard`,
            caFile: caFile,
            limitMilliseconds: Self.callMilliseconds,
            hidesAddresses: node != nil
        )
    }
}

extension EndpointSettings {
    /// Whether any of it is what is stored: secrets that the caller has not written.
    var keepsSecrets: Bool {
        keepsCredentials || MaskedURL.isMasked(url) || credentials.values.contains(.string(MaskedURL.mark))
            || headers.contains { $0.value == MaskedURL.mark }
    }
}
