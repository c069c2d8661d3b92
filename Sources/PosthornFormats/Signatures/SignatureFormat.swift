import PosthornModel
import PosthornText

/// The rules of one signature: its credentials, what it adds to a request, and how a receiver checks it. Each vendor's are in the
/// file of its name.
protocol SignatureFormat: Sendable {
    // MARK: Credentials

    /// The credentials that a topology file may give, in the order in which they are usually told.
    static var members: [String] { get }

    /// The same of settings in which more is known.
    static func members(_ settings: EndpointSettings) -> [String]

    /// Those of ``members`` that are secret.
    static var secretMembers: [String] { get }

    /// Those of ``members`` that an endpoint cannot do without.
    static func required(_ settings: EndpointSettings) -> [String]

    /// The member that a rotation replaces; `nil` when there is none, or when the settings say which.
    static var rotatedMember: String? { get }

    /// The members of which a rotation replaces one.
    static func rotatedMembers(_ settings: EndpointSettings) -> [String]

    /// What Posthorn keeps beside the configured members.
    static var keptMembers: [String] { get }

    /// Whether a replaced secret can sign beside its successor.
    static func carriesSeveral(_ settings: EndpointSettings) -> Bool

    /// The same of one of ``rotatedMembers(_:)``.
    static func carriesSeveral(_ settings: EndpointSettings, _ member: String) -> Bool

    /// Whether a secret has a form that the endpoint's signature can use.
    static func accepts(secret: String, _ settings: EndpointSettings) -> Bool

    /// The same of one of ``rotatedMembers(_:)``.
    static func accepts(secret: String, as member: String, _ settings: EndpointSettings) -> Bool

    /// A new secret of the kind that the endpoint uses, and what the receiver has to be given.
    /// - Parameter bytes: 32 random ones.
    static func makeSecret(like settings: EndpointSettings, from bytes: [UInt8]) throws(InputProblem) -> (secret: String, shown: String)

    /// The same of one of ``rotatedMembers(_:)``.
    static func makeSecret(_ member: String, like settings: EndpointSettings, from bytes: [UInt8]) throws(InputProblem)
        -> (secret: String, shown: String)

    /// Whether a rotation renews something when the secret stays.
    static var renewsWithoutSecret: Bool { get }

    /// Adds what is kept beside new credentials.
    static func stamp(_ credentials: inout [String: JSONValue], at now: Timestamp)

    /// Takes over what is kept beside stored credentials, unless what it belongs to has changed.
    static func keep(of stored: [String: JSONValue], in credentials: inout [String: JSONValue])

    /// Renews what is kept beside stored credentials.
    static func renew(_ credentials: inout [String: JSONValue], at now: Timestamp)

    // MARK: Sending

    /// - Parameter now: The moment of what is made once and sent with every request, if the credentials do not say.
    /// - Throws: Which credential is missing or of no use.
    init(_ settings: EndpointSettings, _ reader: CredentialReader, now: Timestamp) throws(InputProblem)

    /// Headers that are the same in every request.
    var constantHeaders: [(name: String, value: [UInt8])] { get }

    /// All headers that this signature writes.
    var headerNames: [String] { get }

    /// Whether some valid events cannot be signed.
    var needsCheck: Bool { get }

    /// Throws when the data lacks what is signed.
    func check(data: UnsafeBufferPointer<UInt8>) throws(InputProblem)

    /// Appends the header lines that change with every request, each with a line break in front. The body is written already.
    func write(
        _ event: Event,
        data: UnsafeBufferPointer<UInt8>,
        at now: Timestamp,
        into request: inout OutboundRequest
    ) throws(InputProblem)

    // MARK: Receiving

    /// The receiver's side.
    /// - Throws: Which credential is missing or of no use.
    static func check(_ settings: EndpointSettings, _ reader: CredentialReader) throws(InputProblem) -> any SignatureCheck
}

/// The receiver's side of a signature, with its credentials.
protocol SignatureCheck: Sendable {
    /// `true` when the signature fits, `false` when there is nothing to check; throws when it does not fit.
    func isGenuine(_ request: SignatureVerifier.Request, _ verifier: SignatureVerifier, _ now: Timestamp) throws(InputProblem) -> Bool
}

extension SignatureFormat {
    static var keptMembers: [String] { [KeptMember.rotatedFrom] }
    static func members(_ settings: EndpointSettings) -> [String] { members }
    static func rotatedMembers(_ settings: EndpointSettings) -> [String] { rotatedMember.map { [$0] } ?? [] }
    static func carriesSeveral(_ settings: EndpointSettings) -> Bool { false }
    static func carriesSeveral(_ settings: EndpointSettings, _ member: String) -> Bool { carriesSeveral(settings) }
    static func accepts(secret: String, _ settings: EndpointSettings) -> Bool { false }
    static func accepts(secret: String, as member: String, _ settings: EndpointSettings) -> Bool { accepts(secret: secret, settings) }
    static var renewsWithoutSecret: Bool { false }
    static func stamp(_ credentials: inout [String: JSONValue], at now: Timestamp) {}
    static func keep(of stored: [String: JSONValue], in credentials: inout [String: JSONValue]) {}
    static func renew(_ credentials: inout [String: JSONValue], at now: Timestamp) {}

    static func makeSecret(like settings: EndpointSettings, from bytes: [UInt8]) throws(InputProblem) -> (secret: String, shown: String) {
        let secret = Hex.text(bytes)
        return (secret, secret)
    }

    static func makeSecret(_ member: String, like settings: EndpointSettings, from bytes: [UInt8]) throws(InputProblem)
        -> (secret: String, shown: String)
    {
        try makeSecret(like: settings, from: bytes)
    }

    var constantHeaders: [(name: String, value: [UInt8])] { [] }
    var headerNames: [String] { constantHeaders.map(\.name) }
    var needsCheck: Bool { false }
    func check(data: UnsafeBufferPointer<UInt8>) throws(InputProblem) {}

    func write(
        _ event: Event,
        data: UnsafeBufferPointer<UInt8>,
        at now: Timestamp,
        into request: inout OutboundRequest
    ) throws(InputProblem) {}

    /// Every id that the outbox accepts is safe in a header; this is the last door before the wire.
    static func checkHeaderSafe(_ id: String) throws(InputProblem) {
        var id = id
        // Over the bytes themselves: the string's own iterator costs ten times as much.
        let isSafe = id.withUTF8 { bytes in bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F } }
        if !isSafe {
            throw InputProblem(.incompatible, field: "id", value: id, reason: "cannot stand in a header")
        }
    }
}

extension SignatureCheck {
    /// Throws unless `fits`.
    static func demand(_ fits: Bool, _ field: String) throws(InputProblem) {
        if !fits { throw InputProblem(.mismatch, field: field, reason: "does not match") }
    }
}

extension SignatureScheme {
    /// Its rules.
    var format: any SignatureFormat.Type {
        switch self {
        case .none: NoSignature.self
        case .diio: DiioSignature.self
        case .conferenceToken: ConferenceToken.self
        case .webioJWT: WebioSignature.self
        case .voisoKey: VoisoKey.self
        case .standardWebhooks: StandardSignature.self
        case .hmac: HMACTemplate.self
        case .vendorFile: VendorFileSignature.self
        }
    }
}

/// No signature: WeSeeDo's, which knows its sender by the URL.
struct NoSignature: SignatureFormat, SignatureCheck {
    static let members: [String] = []
    static let secretMembers: [String] = []
    static let keptMembers: [String] = []
    static let rotatedMember: String? = nil
    static func required(_ settings: EndpointSettings) -> [String] { [] }

    init(_ settings: EndpointSettings, _ reader: CredentialReader, now: Timestamp) {}
    private init() {}

    static func check(_ settings: EndpointSettings, _ reader: CredentialReader) -> any SignatureCheck { NoSignature() }

    func isGenuine(_ request: SignatureVerifier.Request, _ verifier: SignatureVerifier, _ now: Timestamp) -> Bool { false }
}
