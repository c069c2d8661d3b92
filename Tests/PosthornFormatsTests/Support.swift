import PosthornModel
import PosthornText
import PosthornFormats

/// Credentials that satisfy each signature.
let sampleCredentials: [SignatureScheme: [String: JSONValue]] = [
    .diio: ["signing_secret": .string("s3cr3t-of-the-webhook")],
    .conferenceToken: ["token": .string("token-of-1")],
    .webioJWT: [
        "api_key": .string("pk_live_9f3"), "secret": .string("0123456789abcdef0123456789abcdef"),
        "organisation_id": .string("4711"),
    ],
    .voisoKey: ["key": .string("fiv39qu4"), "name": .string("hook"), "entity": .string("call")],
    .standardWebhooks: ["secret": .string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
    .hmac: ["secret": .string("It's a Secret"), "header": .string("x-signature")],
]

/// Settings with a vendor's envelope and signature.
func settings(_ vendor: Vendor, _ credentials: [String: JSONValue]? = nil) -> EndpointSettings {
    settings(envelope: vendor.envelope, vendor.signature, credentials)
}

/// Settings with an envelope and a signature.
func settings(
    envelope: Envelope,
    _ signature: SignatureScheme,
    _ credentials: [String: JSONValue]? = nil
) -> EndpointSettings {
    EndpointSettings(
        id: "e1",
        node: "n1",
        url: "https://receiver.example/hook",
        envelope: envelope,
        signature: signature,
        credentials: credentials ?? sampleCredentials[signature] ?? [:]
    )
}

/// 2020-07-15T12:33:14Z.
let someMoment = Timestamp(milliseconds: 1_594_816_394_000)

/// An accepted event.
func event(
    type: String = "MEETING_CREATED",
    data: String,
    id: String = "26edf51b5ed353431566fdf1",
    created: Timestamp = someMoment
) -> AcceptedEvent {
    AcceptedEvent(Event(id: id, type: type, node: "n1", created: created, data: Array(data.utf8)))
}

/// One attempt's request.
func compose(
    _ settings: EndpointSettings,
    attempt: Int = 1,
    type: String = "MEETING_CREATED",
    data: String,
    id: String = "26edf51b5ed353431566fdf1",
    created: Timestamp = someMoment,
    at now: Timestamp = someMoment
) throws(InputProblem) -> OutboundRequest {
    var request = OutboundRequest()
    let composer = try EndpointComposer(settings, now: now)
    try composer.compose(event(type: type, data: data, id: id, created: created), attempt: attempt, at: now, into: &request)
    return request
}

extension OutboundRequest {
    var bodyText: String { String(decoding: body, as: UTF8.self) }
    var headerText: String { String(decoding: headers, as: UTF8.self) }
    var queryText: String { String(decoding: query, as: UTF8.self) }

    /// The header lines as pairs, as a receiver's server would hand them over.
    var headerPairs: [(name: String, value: String)] {
        headerText.split(separator: "\r\n").map { line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            return (String(line[..<colon]), String(line[colon...].dropFirst(2)))
        }
    }

    /// The value of the only header of that name.
    func header(_ name: String) -> String? {
        let values = headerPairs.filter { $0.name.lowercased() == name.lowercased() }
        return values.count == 1 ? values[0].value : nil
    }
}
