import PosthornModel
import PosthornText

/// The conference's body: `{"event":…,"payload":"<data as a string>","timestamp":<created>}`.
struct ConferenceEnvelope: EnvelopeFormat {
    static let sampleType = "conference_end"

    init(_ settings: EndpointSettings, _ reader: CredentialReader) {}

    func write(_ accepted: AcceptedEvent, data: UnsafeBufferPointer<UInt8>, attempt: Int, into request: inout OutboundRequest) {
        request.body.append("{\"event\":")
        request.body.append(jsonString: accepted.event.type)
        request.body.append(",\"payload\":")
        request.body.withJSONWriter { $0.string(utf8: data) }
        request.body.append(",\"timestamp\":\"")
        request.body.append(contentsOf: accepted.createdText)
        request.body.append("\"}")
    }

    static func read(_ members: BodyMembers, into received: inout ReceivedEvent) throws(InputProblem) {
        received.type = try members.string("event")
        received.created = try members.string("timestamp")
        received.data = Array(try members.string("payload").utf8)
    }
}

/// The conference's token, the same in every request: `x-signing-token`.
struct ConferenceToken: SignatureFormat {
    static let members = ["token"]
    static let secretMembers = members
    static let rotatedMember: String? = "token"
    static func required(_ settings: EndpointSettings) -> [String] { members }

    private static let header = "x-signing-token"

    let constantHeaders: [(name: String, value: [UInt8])]

    init(_ settings: EndpointSettings, _ reader: CredentialReader, now: Timestamp) throws(InputProblem) {
        constantHeaders = [(Self.header, Array(try reader.requiredHeaderValue("token").utf8))]
    }

    static func check(_ settings: EndpointSettings, _ reader: CredentialReader) throws(InputProblem) -> any SignatureCheck {
        Check(token: Array(try reader.required("token").utf8))
    }

    private struct Check: SignatureCheck {
        let token: [UInt8]

        func isGenuine(
            _ request: SignatureVerifier.Request,
            _ verifier: SignatureVerifier,
            _ now: Timestamp
        ) throws(InputProblem) -> Bool {
            try Self.demand(ConstantTime.equal(try request.header(header).utf8, token), header)
            return true
        }
    }
}
