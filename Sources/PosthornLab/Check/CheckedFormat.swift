package import PosthornFormats
package import PosthornModel
package import PosthornText

/// A format in which a receiver is checked: a built-in one with its credentials, or that of a vendor's file.
package struct CheckedFormat: Sendable {
    /// The vendor's name.
    package let title: String
    /// The method that requests go by.
    package let method: RequestMethod
    let timeoutMilliseconds: Int
    let success: [ClosedRange<Int>]
    let signsTime: Bool
    /// How far a signed moment may be away, where the vendor says it.
    let toleranceSeconds: Int?
    let right: any AuditComposer
    let wrong: (any AuditComposer)?
    /// Signs with the secret that the sender changes over to.
    let next: (any AuditComposer)?
    let pool: EventPool
    /// Whether the body is covered by the signature.
    let signsBody: Bool
    private let unsigned: (any AuditComposer)?
    private let vendor: FileVendor?
    private let echoes: Bool

    /// A built-in format.
    /// - Parameters:
    ///   - settings: The receiver: format and credentials.
    ///   - vendor: Whose events it gets.
    ///   - nextSecret: What the sender's secret is replaced by, where that is to be checked.
    ///   - seed: Where events come from.
    /// - Throws: What is wrong with the credentials.
    package init(
        _ settings: EndpointSettings,
        vendor: ScenarioVendor,
        nextSecret: String?,
        seed: UInt64,
        at now: Timestamp
    ) throws(InputProblem) {
        title = vendor.rawValue
        method = settings.method
        timeoutMilliseconds = settings.timeoutMilliseconds
        success = [200...200]
        signsTime = settings.signsTime
        toleranceSeconds = signsTime ? Int(SignatureVerifier.defaultToleranceSeconds) : nil
        right = try EndpointComposer(settings, now: now)
        let isSigned = settings.signature != .none
        wrong = isSigned ? try EndpointComposer(try WrongCredentials.of(settings, at: now), now: now) : nil
        unsigned = isSigned ? try EndpointComposer(ReceiverAudit.withoutSignature(settings), now: now) : nil
        var next: EndpointComposer?
        if let nextSecret {
            var rotated = settings
            rotated.credentials = try Credentials.rotated(settings, newSecret: nextSecret, at: now, graceMilliseconds: 0).credentials
            rotated.credentials["previous_secrets"] = nil
            next = try EndpointComposer(rotated, now: now)
        }
        self.next = next
        pool = try EventPool(vendor, seed: seed, at: now, size: 64) { LoadContent.fits($0, settings) }
        signsBody = settings.signature == .standardWebhooks || settings.signature == .hmac
        self.vendor = nil
        echoes = settings.needsValidation
    }

    /// The format of a vendor's file.
    /// - Parameter nextSecret: What the first of its keys is replaced by, where that is to be checked.
    package init(_ vendor: FileVendor, url: String, nextSecret: String?) throws(InputProblem) {
        let description = vendor.file.description
        title = description.title
        method = .post
        timeoutMilliseconds = description.timeoutMilliseconds ?? EndpointSettings.defaultTimeoutMilliseconds
        success = description.success
        signsTime = description.signsTime
        toleranceSeconds = description.toleranceSeconds
        right = try vendor.composer(url: url)
        wrong = description.isSigned ? try vendor.composer(url: url, isSpoiled: true) : nil
        unsigned = wrong == nil ? nil : try vendor.composer(url: url)
        var next: VendorComposer?
        if let nextSecret {
            guard let name = description.keyNames.first else {
                throw InputProblem(.incompatible, field: "rotate-to", reason: "replaces a secret, and this vendor has none")
            }
            var credentials = vendor.credentials
            credentials[name] = nextSecret
            next = try FileVendor(vendor.file, credentials: credentials).composer(url: url)
        }
        self.next = next
        pool = try EventPool(samples: vendor.file.types.flatMap { kind in kind.samples.map { (kind.name, $0) } })
        signsBody = description.signsBody
        self.vendor = vendor
        echoes = false
    }

    /// Whether a status is what the vendor takes for a success.
    func isSuccess(_ status: Int) -> Bool { success.contains { $0.contains(status) } }

    /// A request without its signatures; `nil` where there are none to leave out.
    func unsigned(_ event: Event, at now: Timestamp) -> OutboundRequest? {
        guard let unsigned else { return nil }
        var request = OutboundRequest()
        guard (try? unsigned.compose(AcceptedEvent(event), attempt: 1, at: now, into: &request)) != nil else { return nil }
        vendor?.removeSignatures(from: &request)
        return request
    }

    /// The vendor's questions to a new URL: how each is asked, and how its answer is judged.
    func handshakes(url: String, at now: Timestamp) throws(InputProblem) -> [(
        request: OutboundRequest, method: RequestMethod, isToBeRefused: Bool, judge: (Int, [UInt8]) -> String?
    )] {
        if echoes {
            let handshake = DiioHandshake()
            var request = OutboundRequest()
            (right as? EndpointComposer)?.composeQuery(handshake.query, into: &request)
            return [
                (
                    request, .get, false,
                    { status, body in
                        do throws(InputProblem) {
                            try handshake.judge(status: status, body: body)
                            return nil
                        } catch {
                            return error.reason
                        }
                    }
                )
            ]
        }
        guard let vendor else { return [] }
        return try VendorHandshake.all(of: vendor).map { (handshake) throws(InputProblem) in
            let challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"
            let request = try handshake.request(challenge, url: url, at: now)
            return (
                request, handshake.method, handshake.isWronglySigned,
                { status, body in
                    if case .bad(let reason) = handshake.judge(challenge, status: status, body: body) { return reason }
                    return nil
                }
            )
        }
    }

    /// The names by which a receiver's ledger may know the event of a request.
    func names(of event: Event, in request: OutboundRequest) -> Set<UInt64> {
        let object = vendor.map { $0.identity(of: request) } ?? IdentityStamp.identity(in: event.data)
        if let object { return [SentRequests.key(event.id.utf8), SentRequests.key(object)] }
        let digest = MessageDigest.sha256(request.body.isEmpty ? request.query : request.body)
        return [SentRequests.key(event.id.utf8), SentRequests.key(digest.utf8)]
    }
}
