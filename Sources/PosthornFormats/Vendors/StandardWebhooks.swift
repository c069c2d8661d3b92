import PosthornModel
import PosthornText

/// Standard Webhooks' body: `{"type":…,"timestamp":<created>,"data":<data>}`.
struct StandardEnvelope: EnvelopeFormat {
    static let sampleType = "posthorn.test"

    init(_ settings: EndpointSettings, _ reader: CredentialReader) {}

    func write(_ accepted: AcceptedEvent, data: UnsafeBufferPointer<UInt8>, attempt: Int, into request: inout OutboundRequest) {
        request.body.append("{\"type\":")
        request.body.append(jsonString: accepted.event.type)
        request.body.append(",\"timestamp\":\"")
        request.body.append(contentsOf: accepted.createdText)
        request.body.append("\",\"data\":")
        request.body.append(contentsOf: data)
        request.body.append(UInt8(ascii: "}"))
    }

    static func read(_ members: BodyMembers, into received: inout ReceivedEvent) throws(InputProblem) {
        received.type = try members.string("type")
        received.created = try members.string("timestamp")
        received.data = try members.bytes("data")
    }
}

/// Standard Webhooks' signature: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
struct StandardSignature: SignatureFormat {
    static let members = ["secret"]
    static let secretMembers = members
    static let rotatedMember: String? = "secret"
    static let keptMembers = [KeptMember.previousSecrets, KeptMember.rotatedFrom]
    static func required(_ settings: EndpointSettings) -> [String] { members }
    static func carriesSeveral(_ settings: EndpointSettings) -> Bool { true }
    static func accepts(secret: String, _ settings: EndpointSettings) -> Bool { (try? StandardSecret(secret, field: "")) != nil }

    static func makeSecret(like settings: EndpointSettings, from bytes: [UInt8]) throws(InputProblem) -> (secret: String, shown: String) {
        if case .string(let current) = settings.credentials["secret"], current.hasPrefix(StandardSecret.privatePrefix) {
            guard let key = Ed25519PrivateKey(seed: bytes) else { throw Libcrypto.failed("making an ed25519 key") }
            return (StandardSecret.privatePrefix + Base64.text(bytes + key.publicKey), StandardSecret.publicText(key))
        }
        let secret = StandardSecret.symmetricPrefix + Base64.text(bytes)
        return (secret, secret)
    }

    /// A secret and the end of its grace period; `nil` for the current one.
    struct Entry: Sendable {
        let secret: StandardSecret
        let validUntil: Timestamp?
    }

    let entries: [Entry]

    init(_ settings: EndpointSettings, _ reader: CredentialReader, now: Timestamp) throws(InputProblem) {
        if settings.method == .get {
            throw InputProblem(
                .incompatible,
                field: "signature",
                value: settings.signature.rawValue,
                reason: "signs the body, which a GET does not have"
            )
        }
        entries = try Self.entries(reader)
    }

    /// The current secret and those in their grace period.
    static func entries(_ reader: CredentialReader) throws(InputProblem) -> [Entry] {
        var entries = [
            Entry(secret: try StandardSecret(try reader.required("secret"), field: CredentialReader.field("secret")), validUntil: nil)
        ]
        for (i, previous) in try PreviousSecret.list(reader[KeptMember.previousSecrets]).enumerated() {
            let field = "\(CredentialReader.field(KeptMember.previousSecrets))[\(i)]"
            entries.append(Entry(secret: try StandardSecret(previous.text, field: field), validUntil: previous.validUntil))
        }
        return entries
    }

    var headerNames: [String] { ["webhook-id", "webhook-timestamp", "webhook-signature"] }

    func write(
        _ event: Event,
        data: UnsafeBufferPointer<UInt8>,
        at now: Timestamp,
        into request: inout OutboundRequest
    ) throws(InputProblem) {
        try Self.checkHeaderSafe(event.id)
        request.headers.append("\r\nwebhook-id: ")
        let idStart = request.headers.count
        request.headers.append(contentsOf: event.id.utf8)
        let id = idStart..<request.headers.count
        request.headers.append("\r\nwebhook-timestamp: ")
        let timestampStart = request.headers.count
        request.headers.append(decimal: now.unixSeconds)
        let timestamp = timestampStart..<request.headers.count
        request.headers.append("\r\nwebhook-signature:")
        for entry in entries where entry.validUntil.map({ $0 > now }) ?? true {
            try append(entry.secret, id: id, timestamp: timestamp, to: &request)
        }
    }

    private func append(
        _ secret: StandardSecret,
        id: Range<Int>,
        timestamp: Range<Int>,
        to request: inout OutboundRequest
    ) throws(InputProblem) {
        switch secret {
        case .symmetric(let key):
            // Through one view of the headers: each slice would count a reference up and down.
            let code = try key.code { message in
                request.headers.withUnsafeBufferPointer { headers in
                    message.add(UnsafeBufferPointer(rebasing: headers[id]))
                    message.add(Self.dot)
                    message.add(UnsafeBufferPointer(rebasing: headers[timestamp]))
                    message.add(Self.dot)
                }
                message.add(request.body)
            }
            request.headers.append(" v1,")
            code.withBytes { Base64.append($0, to: &request.headers) }
        case .asymmetric(let key):
            let message = request.headers[id] + Self.dot + request.headers[timestamp] + Self.dot + request.body
            let signature = try key.signature(of: Array(message))
            request.headers.append(" v1a,")
            signature.withUnsafeBufferPointer { Base64.append($0, to: &request.headers) }
        }
    }

    private static let dot: [UInt8] = [UInt8(ascii: ".")]

    static func check(_ settings: EndpointSettings, _ reader: CredentialReader) throws(InputProblem) -> any SignatureCheck {
        Check(keys: try StandardVerifyingKey.all(reader))
    }

    private struct Check: SignatureCheck {
        let keys: [StandardVerifyingKey]

        func isGenuine(
            _ request: SignatureVerifier.Request,
            _ verifier: SignatureVerifier,
            _ now: Timestamp
        ) throws(InputProblem) -> Bool {
            let timestamp = try request.header("webhook-timestamp")
            let message = Array("\(try request.header("webhook-id")).\(timestamp).".utf8) + request.body
            let signatures = try request.header("webhook-signature").split(separator: " ")
            var fits = false
            for key in keys where key.validUntil.map({ $0 > now }) ?? true {
                for signature in signatures where try key.isValid(String(signature), of: message) { fits = true }
            }
            try Self.demand(fits, "webhook-signature")
            try verifier.checkTimestamp(timestamp, name: "webhook-timestamp", now: now)
            return true
        }
    }
}
