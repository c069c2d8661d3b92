import PosthornModel
import PosthornText

/// diio's body: the data with `"action":<type>` as its first member.
struct DiioEnvelope: TypeInsertingEnvelope {
    static let sampleType = "meeting.finished"
    static let insertion = TypeInsertion("action")

    init(_ settings: EndpointSettings, _ reader: CredentialReader) {}
}

/// diio's signature, over the object's id and the time: `DO-Timestamp` and `DO-Signature`.
struct DiioSignature: SignatureFormat {
    static let members = ["signing_secret"]
    static let secretMembers = members
    static let rotatedMember: String? = "signing_secret"
    static func required(_ settings: EndpointSettings) -> [String] { members }

    private let key: HMACKey

    init(_ settings: EndpointSettings, _ reader: CredentialReader, now: Timestamp) throws(InputProblem) { key = try Self.key(reader) }

    private static func key(_ reader: CredentialReader) throws(InputProblem) -> HMACKey {
        try HMACKey(.sha256, key: Array(try reader.required("signing_secret").utf8))
    }

    var headerNames: [String] { ["DO-Timestamp", "DO-Signature"] }

    var needsCheck: Bool { true }

    func check(data: UnsafeBufferPointer<UInt8>) throws(InputProblem) { _ = try Self.objectID(data) }

    func write(
        _ event: Event,
        data: UnsafeBufferPointer<UInt8>,
        at now: Timestamp,
        into request: inout OutboundRequest
    ) throws(InputProblem) {
        let id = try Self.objectID(data)
        request.headers.append("\r\nDO-Timestamp: ")
        let timestamp = request.headers.count
        request.headers.append(decimal: now.unixSeconds)
        let code = try key.code { message in
            var id = id
            id.withUTF8 { message.add($0) }
            message.add([UInt8(ascii: "-")])
            message.add(request.headers[timestamp...])
        }
        request.headers.append("\r\nDO-Signature: ")
        code.withBytes { Hex.append($0, to: &request.headers) }
    }

    /// The object's id, which the signature covers.
    private static func objectID(_ data: UnsafeBufferPointer<UInt8>) throws(InputProblem) -> String {
        guard var members = ObjectMembers(data), let place = members.value(of: "id"), let id = members.string(at: place) else {
            throw InputProblem(.incompatible, field: "data.id", reason: "must be a string, since diio's signature covers the object's id")
        }
        return id
    }

    static func check(_ settings: EndpointSettings, _ reader: CredentialReader) throws(InputProblem) -> any SignatureCheck {
        Check(key: try key(reader))
    }

    private struct Check: SignatureCheck {
        let key: HMACKey

        func isGenuine(
            _ request: SignatureVerifier.Request,
            _ verifier: SignatureVerifier,
            _ now: Timestamp
        ) throws(InputProblem) -> Bool {
            let timestamp = try request.header("DO-Timestamp")
            let signature = try request.header("DO-Signature")
            let received = try request.event(verifier.settings.envelope)
            var id = ""
            try received.data.withBytes { (data) throws(InputProblem) in id = try DiioSignature.objectID(data) }
            let code = try key.code(of: Array("\(id)-\(timestamp)".utf8))
            try Self.demand(ConstantTime.equal(Hex.text(code).utf8, signature.utf8), "DO-Signature")
            try verifier.checkTimestamp(timestamp, name: "DO-Timestamp", now: now)
            return true
        }
    }
}
