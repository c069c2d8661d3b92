import PosthornModel
import PosthornText

/// A secret that a rotation replaced and that signs until its grace period ends.
struct PreviousSecret {
    let text: String
    let validUntil: Timestamp
    /// Which secret it was, beside a vendor's file, which may name several.
    var name: String?

    /// Reads the kept list.
    static func list(_ value: JSONValue?) throws(InputProblem) -> [PreviousSecret] {
        guard let value else { return [] }
        guard case .array(let elements) = value else { throw damaged }
        return try elements.map { (element) throws(InputProblem) in
            guard case .string(let text) = element["secret"], case .string(let moment) = element["valid_until"],
                let validUntil = Timestamp(iso8601: moment)
            else { throw damaged }
            var name: String?
            if case .string(let text) = element["name"] { name = text }
            return PreviousSecret(text: text, validUntil: validUntil, name: name)
        }
    }

    /// The form that is stored.
    var value: JSONValue {
        let members = [JSONValue.Member("secret", .string(text)), JSONValue.Member("valid_until", .string(validUntil.description))]
        return .object(members + (name.map { [JSONValue.Member("name", .string($0))] } ?? []))
    }

    private static var damaged: InputProblem {
        InputProblem(
            field: CredentialReader.field(KeptMember.previousSecrets),
            reason: "must be a list of objects with secret and valid_until; rotate the secret to make it again"
        )
    }
}
