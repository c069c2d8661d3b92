package import PosthornFormats
package import PosthornModel
package import PosthornText

/// Makes new signatures of recorded requests: over the same body, with an id of its own where it had one, and the present time.
package struct SignatureRenewal: Sendable {
    private let sign: @Sendable (RecordedRequests.Request, Timestamp, inout OutboundRequest) throws(InputProblem) -> Void

    /// - Parameter settings: The signature and its credentials; the body is not looked at.
    /// - Throws: What is wrong with the credentials, or why this format cannot have new signatures.
    package init(_ settings: EndpointSettings, at now: Timestamp) throws(InputProblem) {
        switch settings.signature {
        case .hmac, .standardWebhooks, .diio, .webioJWT: break
        default:
            throw InputProblem(
                .incompatible,
                field: "renew-signatures",
                reason: "needs a signature in a header, and \(settings.signature.rawValue) is none; leave it out"
            )
        }
        var raw = settings
        raw.envelope = .raw
        raw.method = .post
        let composer = try EndpointComposer(raw, now: now)
        sign = { (recorded, moment, request) throws(InputProblem) in
            let event = Event(
                id: recorded.id ?? MessageDigest.sha256(recorded.body),
                type: recorded.type ?? "recorded",
                node: "lab",
                created: moment,
                data: recorded.body
            )
            try composer.compose(AcceptedEvent(event), attempt: 1, at: moment, into: &request)
        }
    }

    /// - Parameters:
    ///   - vendor: A vendor whose signatures are in headers.
    ///   - requests: Those that are to be signed; where they go, some vendors sign too.
    package init(_ vendor: FileVendor, _ requests: RecordedRequests) throws(InputProblem) {
        let usual = try vendor.composer(url: "")
        let urls = vendor.signsURL ? Set(requests.all.map(\.url)) : []
        var composers: [String: VendorComposer] = [:]
        for url in urls { composers[url] = try vendor.composer(url: vendor.withoutOwnQuery(url)) }
        sign = { [composers] (recorded, moment, request) throws(InputProblem) in
            let composer = composers[recorded.url] ?? usual
            try composer.compose(body: recorded.body, id: recorded.id ?? MessageDigest.sha256(recorded.body), at: moment, into: &request)
        }
    }

    /// The signatures of several receivers behind one URL, each at a path of its own.
    package init(byPath renewals: [String: SignatureRenewal]) {
        sign = { (recorded, moment, request) throws(InputProblem) in
            guard let renewal = renewals[recorded.path] else {
                throw InputProblem(.notFound, field: "path", value: recorded.path, reason: "is of no endpoint of the topology")
            }
            try renewal.sign(recorded, moment, &request)
        }
    }

    /// The headers of a request's new signature.
    func headers(of recorded: RecordedRequests.Request, at now: Timestamp) throws(InputProblem) -> [(name: String, value: String)] {
        var request = OutboundRequest()
        try sign(recorded, now, &request)
        let own: Set<String> = ["content-type", "user-agent"]
        return FileVendor.headers(of: request).filter { !own.contains($0.name.lowercased()) }
    }
}
