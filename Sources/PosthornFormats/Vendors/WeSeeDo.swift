import PosthornModel
import PosthornText

/// WeSeeDo's body: `{"id":…,"created":…,"attempt":n,"type":…,"data":<data>}`. It has no signature of its own.
struct WeSeeDoEnvelope: EnvelopeFormat {
    static let sampleType = "MEETING_CREATED"

    init(_ settings: EndpointSettings, _ reader: CredentialReader) {}

    func write(_ accepted: AcceptedEvent, data: UnsafeBufferPointer<UInt8>, attempt: Int, into request: inout OutboundRequest) {
        request.body.append("{\"id\":")
        request.body.append(jsonString: accepted.event.id)
        request.body.append(",\"created\":\"")
        request.body.append(contentsOf: accepted.createdText)
        request.body.append("\",\"attempt\":")
        request.body.append(decimal: Int64(attempt))
        request.body.append(",\"type\":")
        request.body.append(jsonString: accepted.event.type)
        request.body.append(",\"data\":")
        request.body.append(contentsOf: data)
        request.body.append(UInt8(ascii: "}"))
    }

    static func read(_ members: BodyMembers, into received: inout ReceivedEvent) throws(InputProblem) {
        received.id = try members.string("id")
        received.type = try members.string("type")
        received.created = try members.string("created")
        received.attempt = Int(String(decoding: try members.bytes("attempt"), as: UTF8.self))
        received.data = try members.bytes("data")
    }
}
