import PosthornModel
import PosthornText

/// Reads the credentials of an endpoint and says which member is wrong, without ever showing its value.
struct CredentialReader {
    private let members: [String: JSONValue]

    /// Throws when a member is there that neither the signature nor the envelope knows.
    init(_ settings: EndpointSettings, allowingKept: Bool = true) throws(InputProblem) {
        members = settings.credentials
        let configured = Self.configured(settings)
        let known = allowingKept ? configured + settings.signature.format.keptMembers : configured
        for name in members.keys.sorted() where !known.contains(name) {
            throw InputProblem(
                .unknownWord,
                field: Self.field(InputProblem.printable(name)),
                reason: "is not known to signature \(settings.signature.rawValue) and envelope \(settings.envelope.rawValue); "
                    + Suggestion.advice(for: name, among: configured, otherwise: "allowed are")
            )
        }
    }

    /// The members that a topology file may hold for these settings.
    static func configured(_ settings: EndpointSettings) -> [String] {
        settings.signature.format.members(settings) + settings.envelope.format.members + TLSMember.all
    }

    /// The path of a member in messages.
    static func field(_ name: String) -> String { "credentials.\(name)" }

    /// A member's value; `nil` when it is absent or null.
    subscript(name: String) -> JSONValue? {
        guard let value = members[name], value != .null else { return nil }
        return value
    }

    /// A string that may be absent.
    func optional(_ name: String) throws(InputProblem) -> String? {
        guard let value = self[name] else { return nil }
        guard case .string(let text) = value else {
            throw InputProblem(field: Self.field(name), reason: "must be a string, not \(value.kindName)")
        }
        return text
    }

    /// A string that must be there and hold something.
    func required(_ name: String) throws(InputProblem) -> String {
        guard let text = try optional(name) else { throw InputProblem(.missing, field: Self.field(name), reason: "is missing") }
        if text.isEmpty { throw InputProblem(.missing, field: Self.field(name), reason: "is empty") }
        return text
    }

    /// A string that goes into a header as it is.
    func requiredHeaderValue(_ name: String) throws(InputProblem) -> String {
        let text = try required(name)
        try Self.checkHeaderValue(text, name)
        return text
    }

    /// Throws unless `text` reaches the receiver unchanged when it stands in a header.
    static func checkHeaderValue(_ text: String, _ name: String) throws(InputProblem) {
        try HeaderRules.check(value: text, field: field(name))
        let blanks: [UInt8] = [0x20, 0x09]
        if let first = text.utf8.first, let last = text.utf8.last, blanks.contains(first) || blanks.contains(last) {
            throw InputProblem(field: field(name), reason: "starts or ends with a blank, which a header loses; remove it")
        }
    }
}

/// Members of stored credentials that Posthorn keeps beside the configured ones.
enum KeptMember {
    /// Unix seconds at which Webio's token was made.
    static let issuedAt = "issued_at"
    /// Earlier secrets of formats that carry several signatures, each with the moment until which it signs too.
    static let previousSecrets = "previous_secrets"
    /// Digests of secrets that a rotation replaced, by which a topology file that still names one is recognised.
    static let rotatedFrom = "rotated_from"

    /// All of them.
    static let all = [issuedAt, previousSecrets, rotatedFrom]
}
