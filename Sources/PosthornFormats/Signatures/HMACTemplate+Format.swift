import PosthornModel
import PosthornText

extension HMACTemplate: SignatureFormat {
    static let secretMembers = ["secret"]
    static let rotatedMember: String? = "secret"
    static let keptMembers = [KeptMember.previousSecrets, KeptMember.rotatedFrom]
    static func required(_ settings: EndpointSettings) -> [String] { ["secret", "header"] }

    static func carriesSeveral(_ settings: EndpointSettings) -> Bool {
        settings.credentials["previous_value"].map { $0 != .null } ?? false
    }

    static func accepts(secret text: String, _ settings: EndpointSettings) -> Bool {
        (try? secret(text, secretEncoding(settings) ?? .text)) != nil
    }

    static func makeSecret(like settings: EndpointSettings, from bytes: [UInt8]) -> (secret: String, shown: String) {
        let secret = secretEncoding(settings) == .base64 ? Base64.text(bytes) : Hex.text(bytes)
        return (secret, secret)
    }

    private static func secretEncoding(_ settings: EndpointSettings) -> SecretEncoding? {
        guard case .string(let text) = settings.credentials["secret_encoding"] else { return nil }
        return SecretEncoding(rawValue: text)
    }

    init(_ settings: EndpointSettings, _ reader: CredentialReader, now: Timestamp) throws(InputProblem) { try self.init(reader, settings) }

    var headerNames: [String] { [header, timestampHeader, idHeader].compactMap { $0 } }

    func write(
        _ event: Event,
        data: UnsafeBufferPointer<UInt8>,
        at now: Timestamp,
        into request: inout OutboundRequest
    ) throws(InputProblem) {
        try Self.checkHeaderSafe(event.id)
        try write(id: Array(event.id.utf8), at: now, into: &request)
    }

    static func check(_ settings: EndpointSettings, _ reader: CredentialReader) throws(InputProblem) -> any SignatureCheck {
        try HMACTemplate(reader, settings)
    }
}
