import Foundation
import PosthornHTTP
import PosthornModel
import PosthornText

/// Why a request is not believed.
struct Refused: Error {
    let reason: String
}

/// What a request brought. Numbers in `data` keep every digit that the sender wrote.
struct ReceivedEvent {
    /// The event's id, or a digest of the request where the format has none.
    let id: String
    let type: String
    let data: JSONValue
}

/// Each format verifies a request and returns the event in it.
enum Format: String, CaseIterable {
    case weseedo, diio, conference, webio, voiso, standard

    /// What the configuration must hold.
    var requiredCredentials: [String] {
        switch self {
        case .weseedo, .voiso: return []
        case .diio: return ["signing_secret"]
        case .conference: return ["token"]
        case .webio: return ["secret", "api_key", "organisation_id"]
        case .standard: return ["secret"]
        }
    }

    func event(in request: HTTPRequest, _ hook: Hook) throws -> ReceivedEvent {
        switch self {
        case .weseedo: return try weseedo(request)
        case .diio: return try diio(request, hook)
        case .conference: return try conference(request, hook)
        case .webio: return try webio(request, hook)
        case .voiso: return try voiso(request, hook)
        case .standard: return try standard(request, hook)
        }
    }

    private func weseedo(_ request: HTTPRequest) throws -> ReceivedEvent {
        let body = try object(request.body)
        return ReceivedEvent(id: try text(body, "id"), type: try text(body, "type"), data: body["data"] ?? .null)
    }

    private func diio(_ request: HTTPRequest, _ hook: Hook) throws -> ReceivedEvent {
        let data = try object(request.body)
        let timestamp = request.headers["DO-Timestamp"] ?? ""
        let message = Array("\(try text(data, "id"))-\(timestamp)".utf8)
        let expected = Crypto.hex(try Crypto.hmac(Array((hook["signing_secret"] ?? "").utf8), message))
        try demand(Crypto.equal(expected, request.headers["DO-Signature"] ?? ""), "DO-Signature does not match")
        try checkTimestamp(timestamp)
        return ReceivedEvent(id: try Crypto.digest(request.body), type: try text(data, "action"), data: data)
    }

    private func conference(_ request: HTTPRequest, _ hook: Hook) throws -> ReceivedEvent {
        let token = request.headers["x-signing-token"] ?? ""
        try demand(Crypto.equal(hook["token"] ?? "", token), "x-signing-token does not match")
        let body = try object(request.body)
        let data = try object(Array(try text(body, "payload").utf8))
        return ReceivedEvent(id: try Crypto.digest(request.body), type: try text(body, "event"), data: data)
    }

    private func webio(_ request: HTTPRequest, _ hook: Hook) throws -> ReceivedEvent {
        try hook.checkWebioToken(request.headers["x-webio-token"])
        let data = try object(request.body)
        return ReceivedEvent(id: try Crypto.digest(request.body), type: try text(data, "type"), data: data)
    }

    private func voiso(_ request: HTTPRequest, _ hook: Hook) throws -> ReceivedEvent {
        if let authorization = hook["authorization"] {
            try demand(Crypto.equal(authorization, request.headers["Authorization"] ?? ""), "Authorization does not match")
        }
        if request.method == "GET" {
            let data = JSONValue.object(request.query.map { .init($0.name, .string($0.value)) })
            return ReceivedEvent(id: try Crypto.digest(Array((request.rawQuery ?? "").utf8)), type: "call notify", data: data)
        }
        let body = try object(request.body)
        if let key = hook["key"] { try demand(Crypto.equal(key, try text(body, "key")), "the key does not match") }
        return ReceivedEvent(id: try Crypto.digest(request.body), type: try text(body, "event"), data: body["payload"] ?? .null)
    }

    private func standard(_ request: HTTPRequest, _ hook: Hook) throws -> ReceivedEvent {
        guard let id = request.headers["webhook-id"], let timestamp = request.headers["webhook-timestamp"],
            let signatures = request.headers["webhook-signature"]
        else { throw Refused(reason: "a webhook- header is missing") }
        let message = Array("\(id).\(timestamp).".utf8) + request.body
        var fits = false
        for secret in hook.texts("secret") {
            for signature in signatures.split(separator: " ") where try standardSignatureFits(secret, signature, message) {
                fits = true
            }
        }
        try demand(fits, "webhook-signature does not match")
        try checkTimestamp(timestamp)
        let body = try object(request.body)
        return ReceivedEvent(id: id, type: try text(body, "type"), data: body["data"] ?? .null)
    }

    private func standardSignatureFits(_ secret: String, _ signature: Substring, _ message: [UInt8]) throws -> Bool {
        let parts = signature.split(separator: ",", maxSplits: 1)
        guard parts.count == 2, let sent = Crypto.decodeBase64(String(parts[1])) else { return false }
        if secret.hasPrefix("whsec_"), parts[0] == "v1", let key = Crypto.decodeBase64(String(secret.dropFirst("whsec_".count))) {
            return Crypto.equal(try Crypto.hmac(key, message), sent)
        }
        if secret.hasPrefix("whpk_"), parts[0] == "v1a", let key = Crypto.decodeBase64(String(secret.dropFirst("whpk_".count))) {
            return Crypto.isEd25519Signature(sent, of: message, publicKey: key)
        }
        return false
    }

    private func checkTimestamp(_ text: String) throws {
        let tolerance = 300.0
        guard let seconds = UInt32(text) else { throw Refused(reason: "the timestamp is missing or no number") }
        let age = abs(Date().timeIntervalSince1970 - Double(seconds))
        try demand(age <= tolerance, "the timestamp is too far from this clock")
    }
}

extension Hook {
    /// Throws unless a JSON Web Token was signed with this hook's secret, for its key and organisation.
    func checkWebioToken(_ token: String?) throws {
        let parts = (token ?? "").split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let header = Crypto.decodeBase64(parts[0]), let claims = Crypto.decodeBase64(parts[1]),
            let signature = Crypto.decodeBase64(parts[2])
        else { throw Refused(reason: "x-webio-token is missing or no JSON Web Token") }
        // The algorithm is ours to choose, not the token's: "none" and the like prove nothing.
        try demand(try object(header)["alg"] == .string("HS256"), "x-webio-token is not signed with HS256")
        let expected = try Crypto.hmac(Array((self["secret"] ?? "").utf8), Array("\(parts[0]).\(parts[1])".utf8))
        try demand(Crypto.equal(expected, signature), "x-webio-token does not match")
        let known = try object(claims)
        let fits = known["apiKey"] == .string(self["api_key"] ?? "") && known["organisationId"] == .string(self["organisation_id"] ?? "")
        try demand(fits, "x-webio-token is for another key or organisation")
    }
}

private func demand(_ fits: Bool, _ what: String) throws { if !fits { throw Refused(reason: what) } }

private func object(_ bytes: [UInt8]) throws -> JSONValue {
    guard let value = try? JSONValue.parse(bytes), case .object = value else { throw Refused(reason: "the body is not a JSON object") }
    return value
}

private func text(_ object: JSONValue, _ member: String) throws -> String {
    guard case .string(let text)? = object[member] else { throw Refused(reason: "the body has no text \(member)") }
    return text
}
