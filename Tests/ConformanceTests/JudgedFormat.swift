import Posthorn
import PosthornModel
import PosthornText

/// A format as the engine is told of it, and as a receiver is.
struct JudgedFormat: Sendable {
    /// The endpoint's id, and with a slash in front its path.
    let name: String
    let method: RequestMethod
    let envelope: Envelope
    let signature: SignatureScheme
    let credentials: [String: JSONValue]
    /// The receiver's own words: "format" and credentials.
    private(set) var hook: [String: String]

    /// The events that go to it.
    var type: String { method == .get ? EventGenerator.flatType : EventGenerator.nestedType }

    private init(
        _ name: String,
        method: RequestMethod = .post,
        envelope: Envelope,
        signature: SignatureScheme,
        _ credentials: [String: String] = [:],
        hook: [String: String]
    ) {
        self.name = name
        self.method = method
        self.envelope = envelope
        self.signature = signature
        self.credentials = credentials.mapValues { .string($0) }
        self.hook = hook
    }

    private init(_ vendor: Vendor, named name: String? = nil, _ credentials: [String: String], hook: [String: String]? = nil) {
        self.init(
            name ?? vendor.rawValue,
            envelope: vendor.envelope,
            signature: vendor.signature,
            credentials,
            hook: (hook ?? credentials).merging(["format": vendor.rawValue]) { $1 }
        )
    }

    private static let voisoHook = ["format": "voiso", "key": "voiso key 5a0c", "authorization": "Token voiso-token-77"]
    private static let voisoToken = ["authorization_prefix": "Token", "authorization_token": "voiso-token-77"]

    /// The vendors' formats, which every receiver knows.
    static let vendors: [JudgedFormat] = [
        JudgedFormat(.weseedo, [:]),
        JudgedFormat(.diio, ["signing_secret": "diio secret é 1f4"]),
        JudgedFormat(.conference, ["token": "conference-token-93"]),
        JudgedFormat(
            .webio,
            ["api_key": "webio-key", "secret": "webio secret of more than 32 bytes, é", "organisation_id": "4711"]
        ),
        JudgedFormat(.voiso, voisoToken.merging(["key": "voiso key 5a0c"]) { $1 }, hook: voisoHook),
        JudgedFormat("voiso-get", method: .get, envelope: .voiso, signature: .voisoKey, voisoToken, hook: voisoHook),
        JudgedFormat(.standard, ["secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]),
    ]

    /// Standard Webhooks with the key pair of RFC 8032, section 7.1, test 1.
    static let ed25519 = JudgedFormat(
        .standard,
        named: "standard-ed25519",
        ["secret": "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="],
        hook: ["secret": "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]
    )

    /// Well-known headers written as configuration of `hmac`.
    static let configured: [JudgedFormat] = [
        JudgedFormat(
            "github",
            envelope: .raw,
            signature: .hmac,
            ["secret": "It's a Secret to Everybody", "header": "X-Hub-Signature-256", "prefix": "sha256="],
            hook: ["format": "github", "secret": "It's a Secret to Everybody"]
        ),
        JudgedFormat(
            "stripe",
            envelope: .raw,
            signature: .hmac,
            [
                "secret": "whsec_stripe_takes_it_as_text", "header": "Stripe-Signature", "content": "{timestamp}.{body}",
                "value": "t={timestamp},v1={signature}",
            ],
            hook: ["format": "stripe", "secret": "whsec_stripe_takes_it_as_text"]
        ),
    ]

    /// The same for a receiver that holds other secrets.
    func withAnotherSecret() -> JudgedFormat {
        var other = self
        for name in ["signing_secret", "token", "secret", "key", "authorization"] {
            guard let value = hook[name] else { continue }
            // The third last character: in base64 every bit of it counts.
            let end = value.index(value.endIndex, offsetBy: -3)
            other.hook[name] = value[..<end] + (value[end] == "A" ? "B" : "A") + value[value.index(after: end)...]
        }
        return other
    }

    /// The endpoint of this format at a receiver on this machine. One attempt must do.
    func endpoint(port: Int) throws -> EndpointSettings {
        EndpointSettings(
            id: name,
            node: "c",
            url: "http://127.0.0.1:\(port)/\(name)",
            method: method,
            envelope: envelope,
            signature: signature,
            credentials: credentials,
            events: [try EventPattern(type)],
            timeoutMilliseconds: 60_000,
            inFlightLimit: 8,
            retry: try RetrySchedule(["0"])
        )
    }

    /// A receiver's configuration with a hook for each format.
    static func configuration(_ formats: [JudgedFormat]) -> String {
        let hooks = formats.map { format in
            var members = format.hook
            members["expects"] = format.type
            members["method"] = format.method.rawValue
            let sorted = members.sorted { $0.key < $1.key }
            return JSONValue.Member("/" + format.name, .object(sorted.map { .init($0.key, .string($0.value)) }))
        }
        return JSONValue.object([.init("port", .number("0")), .init("hooks", .object(hooks))]).text
    }
}
