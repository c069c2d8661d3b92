import PosthornModel
import PosthornOutbox

/// Takes an endpoint's credentials out of what a mail quotes: a receiver that echoes requests would mail Voiso's key, which
/// stands in the body, to everybody on the list.
struct MailSecrets: Sendable {
    private let secrets: [[UInt8]]

    /// Shorter values are words such as a prefix; hiding them would tear holes into every text.
    private static let minimumBytes = 4
    private static let mark = Array("***".utf8)

    init(_ credentials: [String: JSONValue]) {
        let texts = credentials.values.flatMap(Self.texts).map { Array($0.utf8) }.filter { $0.count >= Self.minimumBytes }
        secrets = Set(texts).sorted { $0.count > $1.count }
    }

    private static func texts(_ value: JSONValue) -> [String] {
        switch value {
        case .string(let text): return [text]
        case .array(let values): return values.flatMap(texts)
        case .object(let members): return members.flatMap { texts($0.value) }
        default: return []
        }
    }

    /// The same outcome without secrets.
    func redacted(_ outcome: AttemptOutcome) -> AttemptOutcome {
        var outcome = outcome
        outcome.response = redacted(outcome.response, isCut: outcome.response.count >= AttemptOutcome.excerptLimitBytes)
        outcome.errorText = String(decoding: redacted(Array(outcome.errorText.utf8), isCut: false), as: UTF8.self)
        return outcome
    }

    private func redacted(_ bytes: [UInt8], isCut: Bool) -> [UInt8] {
        var bytes = bytes
        for secret in secrets {
            var out: [UInt8] = []
            var rest = bytes[...]
            while let place = rest.firstRange(of: secret) {
                out += rest[..<place.lowerBound] + Self.mark
                rest = rest[place.upperBound...]
            }
            bytes = out + rest
            // The excerpt's end may have cut a secret in two.
            if isCut,
                let length = (Self.minimumBytes..<max(Self.minimumBytes, secret.count)).last(where: {
                    bytes.suffix($0) == secret.prefix($0)
                })
            {
                bytes = bytes.dropLast(length) + Self.mark
            }
        }
        return bytes
    }
}
