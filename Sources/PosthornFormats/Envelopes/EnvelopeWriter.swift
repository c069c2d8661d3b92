import PosthornText
import PosthornModel

/// Writes an endpoint's bodies: each envelope is built around the producer's bytes, which are copied and never read.
///
/// | envelope | body |
/// |---|---|
/// | weseedo | `{"id":…,"created":…,"attempt":n,"type":…,"data":<data>}` |
/// | diio | the data with `"action":<type>` as its first member |
/// | webio | the data with `"type":<type>` as its first member |
/// | conference | `{"event":…,"payload":"<data as a string>","timestamp":<created>}` |
/// | voiso | `{"name":…,"event":…,"entity":…,"timestamp":…,"key":…,"payload":<data>}`; for a GET the data as query |
/// | standard | `{"type":…,"timestamp":<created>,"data":<data>}` |
/// | raw | the data |
///
/// Data that has the member that diio or webio would insert, with the type as its value, goes out as it is; with
/// another value it is refused, since two programs read an object with a key twice in two ways.
struct EnvelopeWriter: Sendable {
    private let envelope: Envelope
    private let method: RequestMethod
    /// What is the same in every body and stands before the type.
    private let beforeType: [UInt8]
    /// What is the same in every voiso body and stands between the type and the timestamp.
    private let beforeTimestamp: [UInt8]
    /// What is the same in every voiso body and stands between the timestamp and the data.
    private let beforeData: [UInt8]

    init(_ settings: EndpointSettings, _ reader: CredentialReader) throws(InputProblem) {
        envelope = settings.envelope
        method = settings.method
        if method == .get, envelope != .voiso {
            throw InputProblem(
                .incompatible,
                field: "method",
                value: method.rawValue,
                reason: "is for envelope voiso alone (Call Notify); use POST with envelope \(envelope.rawValue)"
            )
        }
        var beforeType: [UInt8] = []
        var beforeTimestamp: [UInt8] = []
        var beforeData: [UInt8] = []
        switch envelope {
        case .weseedo: beforeData.append(",\"data\":")
        case .conference: beforeType.append("{\"event\":")
        case .standard:
            beforeType.append("{\"type\":")
            beforeData.append(",\"data\":")
        case .voiso:
            beforeType.append("{\"name\":")
            beforeType.append(jsonString: try reader.optional("name") ?? settings.id)
            beforeType.append(",\"event\":")
            beforeTimestamp.append(",\"entity\":")
            beforeTimestamp.append(jsonString: try reader.optional("entity") ?? Self.defaultVoisoEntity)
            beforeTimestamp.append(",\"timestamp\":\"")
            beforeData.append("+0000\"")
            if settings.signature == .voisoKey, method == .post {
                beforeData.append(",\"key\":")
                beforeData.append(jsonString: try reader.required("key"))
            }
            beforeData.append(",\"payload\":")
        case .diio: beforeType.append("{\"action\":")
        case .webio: beforeType.append("{\"type\":")
        case .raw: break
        }
        self.beforeType = beforeType
        self.beforeTimestamp = beforeTimestamp
        self.beforeData = beforeData
    }

    /// Voiso's events are about calls.
    private static let defaultVoisoEntity = "call"

    /// Whether some valid events cannot be carried.
    var needsCheck: Bool { envelope == .diio || envelope == .webio || method == .get }

    /// Throws when this envelope cannot carry the data.
    func check(type: String, data: UnsafeBufferPointer<UInt8>) throws(InputProblem) {
        switch envelope {
        case .diio: _ = try Self.insertion("action", type: type, data: data)
        case .webio: _ = try Self.insertion("type", type: type, data: data)
        case .voiso where method == .get: _ = try QueryPayload(data)
        default: break
        }
    }

    /// Appends body or query of one attempt.
    func write(
        _ accepted: AcceptedEvent,
        data: UnsafeBufferPointer<UInt8>,
        attempt: Int,
        into request: inout OutboundRequest
    ) throws(InputProblem) {
        if method == .get {
            try QueryPayload(data).append(to: &request.query)
            return
        }
        let event = accepted.event
        request.body.reserveCapacity(data.count + Self.roomAroundData + beforeType.count + beforeTimestamp.count + beforeData.count)
        switch envelope {
        case .weseedo: writeWeseedo(accepted, data, attempt, &request.body)
        case .diio: try writeInserted("action", event.type, data, &request.body)
        case .webio: try writeInserted("type", event.type, data, &request.body)
        case .conference: writeConference(accepted, data, &request.body)
        case .voiso: writeVoiso(accepted, data, &request.body)
        case .standard: writeStandard(accepted, data, &request.body)
        case .raw: request.body.append(contentsOf: data)
        }
    }

    /// Room for id, type, times and punctuation, so that the buffer grows once.
    private static let roomAroundData = 384

    private func writeWeseedo(_ accepted: AcceptedEvent, _ data: UnsafeBufferPointer<UInt8>, _ attempt: Int, _ body: inout [UInt8]) {
        body.append("{\"id\":")
        body.append(jsonString: accepted.event.id)
        body.append(",\"created\":\"")
        body.append(contentsOf: accepted.createdText)
        body.append("\",\"attempt\":")
        body.append(decimal: Int64(attempt))
        body.append(",\"type\":")
        body.append(jsonString: accepted.event.type)
        body.append(contentsOf: beforeData)
        body.append(contentsOf: data)
        body.append(UInt8(ascii: "}"))
    }

    private func writeStandard(_ accepted: AcceptedEvent, _ data: UnsafeBufferPointer<UInt8>, _ body: inout [UInt8]) {
        body.append(contentsOf: beforeType)
        body.append(jsonString: accepted.event.type)
        body.append(",\"timestamp\":\"")
        body.append(contentsOf: accepted.createdText)
        body.append(UInt8(ascii: "\""))
        body.append(contentsOf: beforeData)
        body.append(contentsOf: data)
        body.append(UInt8(ascii: "}"))
    }

    private func writeConference(_ accepted: AcceptedEvent, _ data: UnsafeBufferPointer<UInt8>, _ body: inout [UInt8]) {
        body.append(contentsOf: beforeType)
        body.append(jsonString: accepted.event.type)
        body.append(",\"payload\":")
        body.withJSONWriter { $0.string(utf8: data) }
        body.append(",\"timestamp\":\"")
        body.append(contentsOf: accepted.createdText)
        body.append("\"}")
    }

    private func writeVoiso(_ accepted: AcceptedEvent, _ data: UnsafeBufferPointer<UInt8>, _ body: inout [UInt8]) {
        body.append(contentsOf: beforeType)
        body.append(jsonString: accepted.event.type)
        body.append(contentsOf: beforeTimestamp)
        // `2024-06-19T14:30:13.000Z` without its milliseconds and zone.
        body.append(contentsOf: accepted.createdText.dropLast(5))
        body.append(contentsOf: beforeData)
        body.append(contentsOf: data)
        body.append(UInt8(ascii: "}"))
    }

    private func writeInserted(
        _ name: StaticString,
        _ type: String,
        _ data: UnsafeBufferPointer<UInt8>,
        _ body: inout [UInt8]
    ) throws(InputProblem) {
        guard let insertion = try Self.insertion(name, type: type, data: data) else {
            body.append(contentsOf: data)
            return
        }
        body.append(contentsOf: data[..<(insertion.position - 1)])
        body.append(contentsOf: beforeType)
        body.append(jsonString: type)
        if !insertion.isOnlyMember { body.append(UInt8(ascii: ",")) }
        body.append(contentsOf: data[insertion.position...])
    }

    /// Where the type goes into the data; `nil` when it stands there already.
    private static func insertion(
        _ name: StaticString,
        type: String,
        data: UnsafeBufferPointer<UInt8>
    ) throws(InputProblem) -> (position: Int, isOnlyMember: Bool)? {
        guard var members = ObjectMembers(data) else { throw InputProblem(field: "data", reason: "is not a JSON object") }
        var isEmpty = true
        while let member = members.next() {
            isEmpty = false
            guard members.isKey(of: member, name) else { continue }
            if members.string(at: member.value) == type { return nil }
            throw InputProblem(
                .incompatible,
                field: "data.\(name)",
                reason: "has another value than the event's type, which this endpoint's format puts there; rename the member"
            )
        }
        return (members.start, isEmpty)
    }
}
