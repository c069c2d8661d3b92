import PosthornModel
import PosthornText
import Testing

@testable import PosthornFormats

/// Signatures that other implementations made.
@Suite struct KnownAnswerTests {
    /// Recomputed with Python: `hmac.new(secret, f"{id}-{timestamp}".encode(), "sha256").hexdigest()`; an empty secret, one longer than the hash's block, and text beyond ASCII among them.
    @Test(arguments: [
        (
            "s3cr3t-of-the-webhook", "7b292f4a-90a1-11ef-9462-0a0ddbb5e2f5", "1729620920",
            "d3e436c048fc151e1a8bcec28ba72c3ecd889c37a10d8808fa5373c40a463795"
        ),
        (
            "", "0a0081fc-92f8-11ef-8818-06c15ad63b85", "1729883700",
            "180b1bc0dc5cf1256bf8cabff6a4c56a5dfdd46fec43690c600fc0df037679f5"
        ),
        ("clé secrète ñ 密", "Reunión-42", "0", "0048221f6a6595f50d32e7596bfa073e7610896a4b1b4392936c97f024876791"),
        (
            String(repeating: "k", count: 200), "x", "9999999999",
            "2936693813ea3ef93c0c9d6cba4daeec408ef8c5e072e7c93836cfe04c49bf23"
        ),
    ])
    func diio(secret: String, id: String, timestamp: String, signature: String) throws {
        let code = try HMACKey(.sha256, key: Array(secret.utf8)).code(of: Array("\(id)-\(timestamp)".utf8))
        #expect(Hex.text(code) == signature)
        guard !secret.isEmpty, let seconds = Int64(timestamp) else { return }
        let request = try compose(
            settings(.diio, ["signing_secret": .string(secret)]),
            data: "{\"id\":\"\(id)\"}",
            at: Timestamp(milliseconds: seconds * 1000 + 999)
        )
        #expect(request.header("DO-Timestamp") == timestamp)
        #expect(request.header("DO-Signature") == signature)
    }

    @Test func diioSignsTheDecodedID() throws {
        let plain = try compose(settings(.diio), data: #"{"id":"Reunión \"42\""}"#)
        let escaped = try compose(settings(.diio), data: #"{"\u0069d":"Reuni\u00f3n \u002242\""}"#)
        #expect(plain.header("DO-Signature") == escaped.header("DO-Signature"))
    }

    /// Recomputed with Python's hmac over the two parts in unpadded URL-safe base64; PyJWT reads such tokens.
    @Test(arguments: [
        (
            "0123456789abcdef0123456789abcdef", "pk_live_9f3", "4711", Int64(1_611_836_535),
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhcGlLZXkiOiJwa19saXZlXzlmMyIsIm9yZ2FuaXNhdGlvbklkIjoiNDcxMSIsImlhdCI6MTYxMTgzNjUzNX0."
                + "z1LaAWm5ULQSsBD8KvzMlatA--xHSYLL9SPVYyjlfuk"
        ),
        (
            "££££££££££££££££", "é\"quote\\", "1", 0,
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhcGlLZXkiOiLDqVwicXVvdGVcXCIsIm9yZ2FuaXNhdGlvbklkIjoiMSIsImlhdCI6MH0."
                + "zgF9iXti8KRA6HoMoxnkuIGUYIbMbBDj0YY1jQLQxOw"
        ),
    ])
    func webio(secret: String, apiKey: String, organisation: String, issuedAt: Int64, token: String) throws {
        let credentials: [String: JSONValue] = [
            "api_key": .string(apiKey), "secret": .string(secret), "organisation_id": .string(organisation),
            "issued_at": .number(String(issuedAt)),
        ]
        #expect(try compose(settings(.webio, credentials), type: "payment", data: "{}").header("x-webio-token") == token)
    }

    /// The first from Svix's documentation; the others from `standardwebhooks.webhooks.Webhook(secret).sign(…)`, PyPI.
    @Test(arguments: [
        (
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", Int64(1_614_265_330),
            #"{"test": 2432232314}"#, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        ),
        (
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "26edf51b5ed353431566fdf1", 1_594_816_394,
            #"{"type":"MEETING_CREATED","timestamp":"2020-07-15T12:33:14.000Z","data":{"name":"Reunión"}}"#,
            "v1,rhXEPSDJOVWcZdExmZcgMzgluCtqHVO+rYGnqOP33qM="
        ),
        (
            "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "msg_1", 1_594_816_394,
            #"{"type":"invoice.paid","timestamp":"2020-07-15T12:33:14.000Z","data":{"total":1.10,"note":"Reuni\u00f3n ☎"}}"#,
            "v1,aNXjkCoH/cjvoOqTJVwYeUwunMv1+cX8DYbQwCMISe4="
        ),
        (
            "whsec_" + String(repeating: "/", count: 85) + "w==", "msg_1", 1_594_816_394,
            #"{"type":"invoice.paid","timestamp":"2020-07-15T12:33:14.000Z","data":{"total":1.10,"note":"Reuni\u00f3n ☎"}}"#,
            "v1,KzEH3ghzf4XI3q9PxWFW831lYb6BwdhxUPXhJx4z/7Y="
        ),
        // cryptography.hazmat's Ed25519PrivateKey.from_private_bytes(bytes(range(32))).sign(b"msg_1.1594816394." + body),
        // the key as its seed alone and with its public key.
        (
            "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "msg_1", 1_594_816_394,
            #"{"type":"invoice.paid","timestamp":"2020-07-15T12:33:14.000Z","data":{"total":1.10,"note":"Reuni\u00f3n ☎"}}"#,
            "v1a,42PdMJT6oEbCgLzJ0YBVjFeLSOI0CRuCVnJ3x7Dxd+ZNr8x6opWlvmnDXNqvxVKqdZAzGhbkVP+QkaQOJFdOCg=="
        ),
        (
            "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8DoQe/884Qvh1w3RjnS8CZZ+TWMJulDV8d3IZkElUxuA==", "msg_1", 1_594_816_394,
            #"{"type":"invoice.paid","timestamp":"2020-07-15T12:33:14.000Z","data":{"total":1.10,"note":"Reuni\u00f3n ☎"}}"#,
            "v1a,42PdMJT6oEbCgLzJ0YBVjFeLSOI0CRuCVnJ3x7Dxd+ZNr8x6opWlvmnDXNqvxVKqdZAzGhbkVP+QkaQOJFdOCg=="
        ),
    ])
    func standard(secret: String, id: String, seconds: Int64, body: String, signature: String) throws {
        let endpoint = settings(envelope: .raw, .standardWebhooks, ["secret": .string(secret)])
        let request = try compose(endpoint, data: body, id: id, at: Timestamp(milliseconds: seconds * 1000))
        #expect(request.header("webhook-id") == id)
        #expect(request.header("webhook-timestamp") == String(seconds))
        #expect(request.header("webhook-signature") == signature)
    }

    @Test func standardSignsItsOwnEnvelope() throws {
        let request = try compose(
            settings(.standard, ["secret": .string("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]),
            data: #"{"name":"Reunión"}"#
        )
        #expect(request.header("webhook-signature") == "v1,rhXEPSDJOVWcZdExmZcgMzgluCtqHVO+rYGnqOP33qM=")
    }

    /// GitHub's documentation ("Validating webhook deliveries") gives this answer.
    @Test func gitHub() throws {
        let endpoint = hmac(["secret": "It's a Secret to Everybody", "header": "X-Hub-Signature-256", "prefix": "sha256="])
        let request = try compose(endpoint, data: "Hello, World!")
        #expect(
            request.header("x-hub-signature-256") == "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        )
    }

    /// `printf '{"a":1}' | openssl dgst -sha1 -hmac "It's a Secret"`
    @Test func sha1() throws {
        let endpoint = hmac(["secret": "It's a Secret", "header": "X-Hub-Signature", "prefix": "sha1=", "algorithm": "sha1"])
        #expect(try compose(endpoint, data: #"{"a":1}"#).header("x-hub-signature") == "sha1=d7bda1a15a89bfed4068b3a9e4fbbb553be3bae3")
    }

    /// `printf '1594816394.{"a":1}' | openssl dgst -sha256 -hmac "whsec_test"`
    @Test func stripe() throws {
        let endpoint = hmac([
            "secret": "whsec_test", "header": "Stripe-Signature", "value": "t={timestamp},v1={signature}",
            "content": "{timestamp}.{body}",
        ])
        #expect(
            try compose(endpoint, data: #"{"a":1}"#).header("stripe-signature")
                == "t=1594816394,v1=3576fdbe866f1704875d3839ff050187a9c74e9d41f18221d8615ec8682a8bbf"
        )
    }

    /// `printf 'v0:1594816394:{"a":1}' | openssl dgst -sha256 -hmac 8f742231b10e8888abcd99yyyzzz85a5`
    @Test func slack() throws {
        let endpoint = hmac([
            "secret": "8f742231b10e8888abcd99yyyzzz85a5", "header": "X-Slack-Signature", "prefix": "v0=",
            "content": "v0:{timestamp}:{body}", "timestamp_header": "X-Slack-Request-Timestamp",
        ])
        let request = try compose(endpoint, data: #"{"a":1}"#)
        #expect(
            request.header("x-slack-signature") == "v0=3095757e5d0ee33044f88eeb258698d83341afdf0d41fd74a9feda2a79e594c4"
        )
        #expect(request.header("x-slack-request-timestamp") == "1594816394")
    }

    /// `printf '{"a":1}' | openssl dgst -sha512 -mac HMAC -macopt hexkey:00ff -binary | base64 -w0`
    @Test func sha512InBase64WithAKeyInHexadecimal() throws {
        let endpoint = hmac([
            "secret": "00ff", "secret_encoding": "hex", "header": "x-sig", "algorithm": "sha512", "encoding": "base64",
        ])
        #expect(
            try compose(endpoint, data: #"{"a":1}"#).header("x-sig")
                == "9JbRSgrJbLzx/+kCnYF1r1oU2uRmXIq/y/jVOTf0y7x4K6ViZyi3dYRJRbqDWFzulbFPyzFE6agF1/z/Kfv42A=="
        )
    }

    /// Old Svix headers: the Standard Webhooks vector as plain HMAC configuration.
    @Test func svixAsConfiguration() throws {
        let endpoint = hmac([
            "secret": "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "secret_encoding": "base64", "header": "svix-signature", "prefix": "v1,",
            "encoding": "base64", "content": "{id}.{timestamp}.{body}", "id_header": "svix-id", "timestamp_header": "svix-timestamp",
        ])
        let request = try compose(
            endpoint,
            data: #"{"test": 2432232314}"#,
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at: Timestamp(milliseconds: 1_614_265_330_000)
        )
        #expect(request.header("svix-signature") == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        #expect(request.header("svix-id") == "msg_p5jXN8AQM9LWM0D4loKWxJek")
    }

    @Test func conferencePayloadDecodesToTheProducersBytes() throws {
        let data = #"{"recording_id":"r/1","download_link":"https://x.example/a?b=\"c\"&d=é","note":"line\nbreak\ttab \u2028 \\ end"}"#
        let request = try compose(settings(.conference), type: "recording_ready", data: data)
        #expect(try JSONValue.parse(request.body)["payload"] == .string(data))
    }
}

/// Settings of the raw envelope with a configurable HMAC.
func hmac(_ members: [String: String]) -> EndpointSettings {
    settings(envelope: .raw, .hmac, members.mapValues { .string($0) })
}
