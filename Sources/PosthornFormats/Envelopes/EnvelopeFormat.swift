import PosthornModel
import PosthornText

/// The rules of one form of body: how it is built around the producer's bytes, which are copied and never read, and how a receiver
/// takes it apart. Each vendor's are in the file of its name.
protocol EnvelopeFormat: Sendable {
    /// Credentials that go into the body and are no secrets.
    static var members: [String] { get }

    /// Whether an endpoint may be called by GET, with the data as query.
    static var allowsGET: Bool { get }

    /// A usual type of its events, for requests that test an endpoint.
    static var sampleType: String { get }

    /// - Throws: Which credential is missing or of no use.
    init(_ settings: EndpointSettings, _ reader: CredentialReader) throws(InputProblem)

    /// Whether some valid events cannot be carried.
    var needsCheck: Bool { get }

    /// Throws when this envelope cannot carry the data.
    func check(type: String, data: UnsafeBufferPointer<UInt8>) throws(InputProblem)

    /// Appends body or query of one attempt.
    func write(
        _ accepted: AcceptedEvent,
        data: UnsafeBufferPointer<UInt8>,
        attempt: Int,
        into request: inout OutboundRequest
    ) throws(InputProblem)

    /// Takes a body apart.
    /// - Throws: What it lacks.
    static func read(_ members: BodyMembers, into received: inout ReceivedEvent) throws(InputProblem)
}

extension EnvelopeFormat {
    static var members: [String] { [] }
    static var allowsGET: Bool { false }
    var needsCheck: Bool { false }
    func check(type: String, data: UnsafeBufferPointer<UInt8>) throws(InputProblem) {}
}

extension Envelope {
    /// Its rules.
    var format: any EnvelopeFormat.Type {
        switch self {
        case .weseedo: WeSeeDoEnvelope.self
        case .diio: DiioEnvelope.self
        case .conference: ConferenceEnvelope.self
        case .webio: WebioEnvelope.self
        case .voiso: VoisoEnvelope.self
        case .standard: StandardEnvelope.self
        case .raw: RawEnvelope.self
        }
    }

    /// A usual type of this format's events, for requests that test an endpoint.
    package var sampleType: String { format.sampleType }
}

/// The data as it is: `raw`.
struct RawEnvelope: EnvelopeFormat {
    static let sampleType = "posthorn.test"

    init(_ settings: EndpointSettings, _ reader: CredentialReader) {}

    func write(_ accepted: AcceptedEvent, data: UnsafeBufferPointer<UInt8>, attempt: Int, into request: inout OutboundRequest) {
        request.body.append(contentsOf: data)
    }

    static func read(_ members: BodyMembers, into received: inout ReceivedEvent) { received.data = members.body }
}
