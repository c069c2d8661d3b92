import PosthornModel
import PosthornSending
package import PosthornText

/// The JSON objects in which the command line and the HTTP API show what was done to an endpoint.
extension JSONLine {
    /// A request to a receiver, in the members that every shown request has.
    mutating func addRequest(_ method: RequestMethod, url: String, headers: [(name: String, value: String)], body: [UInt8]) {
        add("method", method.rawValue)
        add("url", url)
        add(
            "headers",
            headers.map { header in
                var pair = JSONLine()
                pair.add("name", header.name)
                pair.add("value", header.value)
                return pair
            }
        )
        add("body", body.isEmpty ? nil : String(decoding: body, as: UTF8.self))
    }

    /// What a test of an endpoint sent, and what came back.
    /// - Parameter hidesAddresses: Whether it is for those who see one tree alone; see ``RefusedAddress``.
    package init(_ test: EndpointTest, of id: String, hidesAddresses: Bool = false) {
        let outcome = test.outcome
        self.init()
        add("id", id)
        addRequest(test.method, url: test.url, headers: test.headers.map { ($0.name, $0.value) }, body: test.body)
        add("status", outcome.status)
        add("error", outcome.error?.rawValue)
        add("error_text", Self.errorText(outcome.errorText, outcome.error, hidesAddresses))
        add("response", outcome.response.isEmpty ? nil : String(decoding: outcome.response, as: UTF8.self))
        add("address", outcome.address.isEmpty ? nil : outcome.address)
        add("duration_ms", outcome.durationMicroseconds / 1000)
    }

    /// What became of an endpoint's secret. Holds the one that was made.
    package init(_ rotation: SecretRotation, of id: String) {
        let isPublic = rotation.showsPublicKey
        self.init()
        add("id", id)
        add("secret", isPublic ? nil : rotation.shownOnce)
        add("public_key", isPublic ? rotation.shownOnce : nil)
        add("replaced_signs_until", rotation.replacedSignsUntil)
    }
}

extension SecretRotation {
    /// Whether what is shown is the public half of a key. Standard Webhooks writes that of an ed25519 key so.
    package var showsPublicKey: Bool { shownOnce?.hasPrefix("whpk_") ?? false }
}
