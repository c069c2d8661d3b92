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
    .vendorFile: [VendorDocument.member: sampleVendorFile, "secret": .string("whsec_agreed_on")],
]

/// A vendor's file as an endpoint keeps it: Stripe's signature, with a vector that Python's hmac made.
let sampleVendorFile: JSONValue = {
    let text = #"""
        {"openapi":"3.1.0","info":{"title":"Stripe","version":"1"},"x-webhook-sender":{"success":["2XX"],"signatures":[{
          "algorithm":"hmac-sha256","content":"{timestamp}.{body}","place":{"header":"Stripe-Signature","value":"t={timestamp},v1={signature}"}}],
          "tolerance_s":300,
          "vectors":[{"credentials":{"secret":"k"},"body":"{}",
            "headers":{"Stripe-Signature":"t=1,v1=3dd49b2593d0f9a349e9e71c4bde3e2b862c2be4003fe9b4ba81332029310158"}}]},
         "webhooks":{"charge.succeeded":{"post":{"requestBody":{"content":{"application/json":{"example":{"id":"evt_1"}}}}}}}}
        """#
    // It is written above.
    return try! JSONValue.parse(Array(text.utf8))
}()

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
