import PosthornModel
import PosthornText

/// Voiso's body: `{"name":…,"event":…,"entity":…,"timestamp":…,"key":…,"payload":<data>}`; for a GET (Call Notify) the data as query.
struct VoisoEnvelope: EnvelopeFormat {
    static let members = ["name", "entity"]
    static let allowsGET = true
    static let sampleType = "inbound.call.answered"

    /// Voiso's events are about calls.
    private static let defaultEntity = "call"

    private let method: RequestMethod
    /// `{"name":…,"event":`
    private let beforeType: [UInt8]
    /// `,"entity":…,"timestamp":"`
    private let beforeTimestamp: [UInt8]
    /// `+0000","key":…,"payload":`
    private let beforeData: [UInt8]

    init(_ settings: EndpointSettings, _ reader: CredentialReader) throws(InputProblem) {
        method = settings.method
        var beforeType: [UInt8] = []
        beforeType.append("{\"name\":")
        beforeType.append(jsonString: try reader.optional("name") ?? settings.id)
        beforeType.append(",\"event\":")
        var beforeTimestamp: [UInt8] = []
        beforeTimestamp.append(",\"entity\":")
        beforeTimestamp.append(jsonString: try reader.optional("entity") ?? Self.defaultEntity)
        beforeTimestamp.append(",\"timestamp\":\"")
        var beforeData: [UInt8] = []
        beforeData.append("+0000\"")
        if settings.signature == .voisoKey, method == .post {
            beforeData.append(",\"key\":")
            beforeData.append(jsonString: try reader.required("key"))
        }
        beforeData.append(",\"payload\":")
        (self.beforeType, self.beforeTimestamp, self.beforeData) = (beforeType, beforeTimestamp, beforeData)
    }

    var needsCheck: Bool { method == .get }

    func check(type: String, data: UnsafeBufferPointer<UInt8>) throws(InputProblem) {
        if method == .get { _ = try QueryPayload(data) }
    }

    func write(
        _ accepted: AcceptedEvent,
        data: UnsafeBufferPointer<UInt8>,
        attempt: Int,
        into request: inout OutboundRequest
    ) throws(InputProblem) {
        if method == .get { return try QueryPayload(data).append(to: &request.query) }
        request.body.append(contentsOf: beforeType)
        request.body.append(jsonString: accepted.event.type)
        request.body.append(contentsOf: beforeTimestamp)
        // `2024-06-19T14:30:13.000Z` without its milliseconds and zone.
        request.body.append(contentsOf: accepted.createdText.dropLast(5))
        request.body.append(contentsOf: beforeData)
        request.body.append(contentsOf: data)
        request.body.append(UInt8(ascii: "}"))
    }

    static func read(_ members: BodyMembers, into received: inout ReceivedEvent) throws(InputProblem) {
        received.type = try members.string("event")
        received.created = try members.string("timestamp")
        received.data = try members.bytes("payload")
    }
}

/// Voiso's key, which stands in the body, and its token, in the header `Authorization`.
struct VoisoKey: SignatureFormat {
    static let members = ["key", "authorization_token", "authorization_prefix"]
    static let secretMembers = ["key", "authorization_token"]
    static let rotatedMember: String? = "key"
    // A GET has no body for the key.
    static func required(_ settings: EndpointSettings) -> [String] { settings.method == .post ? ["key"] : [] }

    /// RFC 6750's word; an empty prefix sends the token alone.
    static let defaultAuthorizationPrefix = "Bearer"

    let constantHeaders: [(name: String, value: [UInt8])]

    init(_ settings: EndpointSettings, _ reader: CredentialReader, now: Timestamp) throws(InputProblem) {
        constantHeaders = try Self.headers(settings, reader)
    }

    private static func headers(
        _ settings: EndpointSettings,
        _ reader: CredentialReader
    ) throws(InputProblem) -> [(name: String, value: [UInt8])] {
        guard settings.envelope == .voiso else {
            throw InputProblem(
                .incompatible,
                field: "signature",
                value: settings.signature.rawValue,
                reason: "puts its key into the body of envelope voiso; it cannot stand in envelope \(settings.envelope.rawValue)"
            )
        }
        // A GET has no body for the key, so there it may be left out.
        if settings.method == .post { _ = try reader.required("key") } else { _ = try reader.optional("key") }
        let prefix = try reader.optional("authorization_prefix")
        guard try reader.optional("authorization_token") != nil else {
            if prefix == nil { return [] }
            throw InputProblem(
                .incompatible,
                field: CredentialReader.field("authorization_prefix"),
                reason: "needs authorization_token; give both or neither"
            )
        }
        let token = try reader.requiredHeaderValue("authorization_token")
        if let prefix { try CredentialReader.checkHeaderValue(prefix, "authorization_prefix") }
        let scheme = prefix ?? defaultAuthorizationPrefix
        return [("Authorization", Array((scheme.isEmpty ? token : "\(scheme) \(token)").utf8))]
    }

    static func check(_ settings: EndpointSettings, _ reader: CredentialReader) throws(InputProblem) -> any SignatureCheck {
        let key = try reader.optional("key").map { Array($0.utf8) }
        return Check(key: settings.method == .post ? key : nil, authorization: try headers(settings, reader).first?.value)
    }

    private struct Check: SignatureCheck {
        let key: [UInt8]?
        let authorization: [UInt8]?

        func isGenuine(
            _ request: SignatureVerifier.Request,
            _ verifier: SignatureVerifier,
            _ now: Timestamp
        ) throws(InputProblem) -> Bool {
            if key == nil, authorization == nil { return false }
            if let key {
                let body: JSONValue
                do throws(JSONProblem) { body = try JSONValue.parse(request.body) } catch {
                    throw InputProblem(field: "body", reason: "is \(error)")
                }
                guard case .string(let sent) = body["key"] else {
                    throw InputProblem(.missing, field: "key", reason: "is missing in the body")
                }
                try Self.demand(ConstantTime.equal(sent.utf8, key), "key")
            }
            if let authorization {
                try Self.demand(ConstantTime.equal(try request.header("authorization").utf8, authorization), "authorization")
            }
            return true
        }
    }
}
