import PosthornSending
package import PosthornText

/// The JSON objects in which the command line and the HTTP API show what was done to an endpoint.
extension JSONLine {
    /// What a test of an endpoint sent, and what came back.
    package init(_ test: EndpointTest, of id: String) {
        let outcome = test.outcome
        self.init()
        add("id", id)
        add("method", test.method.rawValue)
        add("url", test.url)
        add(
            "headers",
            test.headers.map { header in
                var pair = JSONLine()
                pair.add("name", header.name)
                pair.add("value", header.value)
                return pair
            }
        )
        add("body", test.body.isEmpty ? nil : String(decoding: test.body, as: UTF8.self))
        add("status", outcome.status)
        add("error", outcome.error?.rawValue)
        add("error_text", outcome.errorText.isEmpty ? nil : outcome.errorText)
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
