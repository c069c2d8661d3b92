import PosthornModel
import PosthornText
import PosthornFormats

/// An envelope with a signature: what makes its requests, and what a receiver checks them with.
struct Format {
    let settings: EndpointSettings
    let composer: EndpointComposer
    let verifier: SignatureVerifier

    /// When everything happens.
    static let moment = Timestamp(milliseconds: 1_594_816_394_000)

    /// Every envelope with every signature that it takes, and Voiso's Call Notify.
    static let all: [Format] = Envelope.allCases.flatMap { envelope in
        SignatureScheme.allCases.flatMap { signature in
            RequestMethod.allCases.compactMap { Format(envelope, signature, $0) }
        }
    }

    private init?(_ envelope: Envelope, _ signature: SignatureScheme, _ method: RequestMethod) {
        let own: [String: JSONValue] = envelope == .voiso ? ["name": .string("hook"), "entity": .string("call")] : [:]
        settings = EndpointSettings(
            id: "e",
            node: "n",
            url: "https://receiver.example/",
            method: method,
            envelope: envelope,
            signature: signature,
            credentials: own.merging(Self.credentials[signature] ?? [:]) { mine, _ in mine }
        )
        guard let composer = try? EndpointComposer(settings, now: Self.moment), let verifier = try? SignatureVerifier(settings) else {
            return nil
        }
        self.composer = composer
        self.verifier = verifier
    }

    private static let credentials: [SignatureScheme: [String: JSONValue]] = [
        .diio: ["signing_secret": .string("s3cr3t-of-the-webhook")],
        .conferenceToken: ["token": .string("tok-1")],
        .webioJWT: [
            "api_key": .string("pk"), "secret": .string("0123456789abcdef0123456789abcdef"), "organisation_id": .string("1"),
        ],
        .voisoKey: ["key": .string("fiv39"), "authorization_token": .string("tok-2")],
        .standardWebhooks: ["secret": .string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
        .hmac: [
            "secret": .string("s"), "header": .string("x-signature"), "content": .string("{id}.{timestamp}.{body}"),
            "value": .string("t={timestamp},v1={signature}"), "id_header": .string("x-id"),
        ],
    ]
}
