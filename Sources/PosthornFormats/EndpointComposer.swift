public import PosthornModel
public import PosthornText

/// Makes the requests of one endpoint: its envelope, its signature and its fixed headers.
///
/// Envelope and signature combine freely, with these exceptions, each refused with its reason when the composer is made:
/// - `voiso-key` needs the voiso envelope, since the key stands in the body. Another signature on the voiso envelope
///   leaves the key out.
/// - GET needs the voiso envelope (Call Notify); `standard-webhooks`, and `hmac` over `{body}`, need a body and so POST.
/// - `vendor-file` makes the whole request but the endpoint's fixed headers and `traceparent`; the envelope says nothing then.
/// - A `diio` signature works on every envelope whose data has a string `id`, which is looked at when an event is accepted.
///
/// Headers stand in this order: content-type (not for a GET), user-agent, the signature's, the endpoint's fixed ones, the event's own
/// headers and its `traceparent`. An event's header takes the place of none that the endpoint has. Every format takes them: no vendor's
/// signature covers other headers, and none of them says that there may be no others.
///
/// Several threads may use a composer at once: everything in it is constant but the HMAC contexts, which have a lock.
public final class EndpointComposer: RequestComposer {
    private let envelope: any EnvelopeFormat
    let signer: any SignatureFormat
    /// What every request to the endpoint proves itself with, where the receiver asks for it.
    public let clientCertificate: ClientCertificate?
    /// Header lines before those that change with every request.
    private let leadingHeaders: [UInt8]
    /// The same without content-type, for requests without a body.
    private let leadingHeadersOfQuery: [UInt8]
    /// Header lines after those that change, each with a line break in front.
    private let trailingHeaders: [UInt8]
    /// The headers of the signature and the fixed ones, lower case, beside which none of an event has room.
    private let ownNames: Set<String>
    /// Whether `traceparent` is one of them.
    private let ownsTraceParent: Bool
    private let method: RequestMethod
    /// Makes the requests of an endpoint whose format a vendor's file says.
    private let vendor: VendorFileSignature?

    /// - Parameters:
    ///   - settings: The endpoint, with the credentials as ``Credentials`` keeps them, or as a topology file has them.
    ///   - now: When Webio's token was made, if the credentials do not say.
    /// - Throws: What is missing, unknown, too short or of no use, by its field and never with its value.
    public init(_ settings: EndpointSettings, now: Timestamp) throws(InputProblem) {
        let reader = try CredentialReader(settings)
        if settings.method == .get, settings.signature != .vendorFile, !settings.envelope.format.allowsGET {
            throw InputProblem(
                .incompatible,
                field: "method",
                value: settings.method.rawValue,
                reason: "is for envelope voiso alone (Call Notify); use POST with envelope \(settings.envelope.rawValue)"
            )
        }
        envelope = try settings.envelope.format.init(settings, reader)
        signer = try settings.signature.format.init(settings, reader, now: now)
        vendor = signer as? VendorFileSignature
        clientCertificate = try ClientCertificate.read(reader)
        method = settings.method
        try Self.checkHeaders(settings, signer)

        var common = Array("user-agent: \(PosthornVersion.userAgent)".utf8)
        for (name, value) in signer.constantHeaders {
            common.append("\r\n")
            common.append(contentsOf: name.utf8)
            common.append(": ")
            common.append(contentsOf: value)
        }
        leadingHeadersOfQuery = common
        leadingHeaders = Array("content-type: application/json\r\n".utf8) + common
        ownNames = Set((signer.headerNames + settings.headers.map(\.name)).map { $0.lowercased() })
        ownsTraceParent = ownNames.contains(TraceParent.name)
        trailingHeaders = settings.headers.flatMap { Array("\r\n\($0.name): \($0.value)".utf8) }
    }

    private static func checkHeaders(_ settings: EndpointSettings, _ signer: any SignatureFormat) throws(InputProblem) {
        let own = Set(signer.headerNames.map { $0.lowercased() })
        for header in settings.headers {
            let field = "headers.\(HeaderRules.shown(name: header.name))"
            try HeaderRules.check(name: header.name, value: header.value, field: field)
            if own.contains(header.name.lowercased()) {
                throw InputProblem(
                    .notAllowed,
                    field: field,
                    reason: "is written by signature \(settings.signature.rawValue); leave it out"
                )
            }
        }
        let bytes = settings.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        if bytes > HeaderRules.totalLimitBytes {
            throw InputProblem(
                .tooLarge,
                field: "headers",
                reason: "have \(bytes) bytes of names and values; at most \(HeaderRules.totalLimitBytes) are allowed"
            )
        }
    }

    /// The statuses that a vendor's file takes for a success; `nil` where 200 alone is one.
    public var success: [ClosedRange<Int>]? { vendor?.success }

    /// Whether ``check(type:data:)`` can refuse anything; `false` when every valid event is fine.
    public var needsCheck: Bool { envelope.needsCheck || signer.needsCheck }

    /// Refuses an event that this endpoint's format cannot carry; called when the event is accepted.
    ///
    /// - Parameters:
    ///   - type: The event's type.
    ///   - data: The producer's JSON object, checked before.
    /// - Throws: Which member of the data is missing or in the way.
    public func check(type: String, data: [UInt8]) throws(InputProblem) {
        if let vendor { return try vendor.composer.check(type: type, data: data, at: Timestamp(milliseconds: 0)) }
        try data.withBytes { (bytes) throws(InputProblem) in
            try envelope.check(type: type, data: bytes)
            try signer.check(data: bytes)
        }
    }

    /// Room for id, type, times and punctuation, so that the buffer grows once.
    private static let roomAroundData = 384

    /// Writes headers, body and query of one attempt.
    public func compose(
        _ event: AcceptedEvent,
        attempt: Int,
        at now: Timestamp,
        into request: inout OutboundRequest
    ) throws(InputProblem) {
        try compose(event, attempt: attempt, at: now, changingBody: nil, into: &request)
    }

    /// The same with another body than the envelope's, rightly signed: for requests that test a receiver.
    /// - Parameter change: Changes the body before it is signed.
    package func compose(
        _ event: AcceptedEvent,
        attempt: Int,
        at now: Timestamp,
        changingBody change: ((inout [UInt8]) -> Void)?,
        into request: inout OutboundRequest
    ) throws(InputProblem) {
        if let vendor {
            try vendor.composer.compose(event, attempt: attempt, at: now, changingBody: change, into: &request)
        } else {
            try write(event, attempt: attempt, at: now, changingBody: change, into: &request)
        }
        request.headers.append(contentsOf: trailingHeaders)
        if !event.event.headers.isEmpty { try write(event.event.headers, into: &request) }
        if let traceparent = event.event.traceparent, !ownsTraceParent { request.addHeader("traceparent", traceparent.utf8) }
        request.clientCertificate = clientCertificate
    }

    private func write(
        _ event: AcceptedEvent,
        attempt: Int,
        at now: Timestamp,
        changingBody change: ((inout [UInt8]) -> Void)?,
        into request: inout OutboundRequest
    ) throws(InputProblem) {
        try event.event.data.withBytes { (data) throws(InputProblem) in
            if method == .post { request.body.reserveCapacity(data.count + Self.roomAroundData) }
            try envelope.write(event, data: data, attempt: attempt, into: &request)
            change?(&request.body)
            request.headers.append(contentsOf: method == .get ? leadingHeadersOfQuery : leadingHeaders)
            try signer.write(event.event, data: data, at: now, into: &request)
        }
    }

    /// Every header that the outbox accepts can be written as it is; this is the last door before the wire.
    private func write(_ headers: [EventHeader], into request: inout OutboundRequest) throws(InputProblem) {
        for header in headers where !ownNames.contains(header.name) {
            guard header.isSafe else {
                let field = "headers.\(HeaderRules.shown(name: header.name))"
                throw InputProblem(.incompatible, field: field, reason: "cannot stand in a request")
            }
            request.headers.append("\r\n")
            request.headers.append(contentsOf: header.name.utf8)
            request.headers.append(": ")
            request.headers.append(contentsOf: header.value.utf8)
        }
    }

    /// Writes a GET that carries no event: a handshake or a value request. It has the endpoint's fixed headers and the
    /// tokens that do not depend on an event.
    ///
    /// - Parameters:
    ///   - query: What is added to the URL, form-encoded.
    ///   - request: Where to write; emptied by the caller.
    public func composeQuery(_ query: [UInt8], into request: inout OutboundRequest) {
        request.query.append(contentsOf: query)
        request.headers.append(contentsOf: leadingHeadersOfQuery)
        request.headers.append(contentsOf: trailingHeaders)
        request.clientCertificate = clientCertificate
    }
}

extension [UInt8] {
    /// `withUnsafeBufferPointer` that keeps the type of what is thrown.
    func withBytes(_ body: (UnsafeBufferPointer<UInt8>) throws(InputProblem) -> Void) throws(InputProblem) {
        let outcome = withUnsafeBufferPointer { bytes -> Result<Void, InputProblem> in
            do throws(InputProblem) { return .success(try body(bytes)) } catch { return .failure(error) }
        }
        try outcome.get()
    }
}
