package import PosthornText

/// Reads one object of a configuration file and says exactly what is wrong with it.
package struct ObjectReader {
    package let path: String
    private let members: [JSONValue.Member]

    /// Throws unless `value` is an object with none but the `allowed` members.
    package init(_ value: JSONValue, at path: String, allowed: [String]) throws(InputProblem) {
        self.path = path
        guard case .object(let members) = value else {
            throw InputProblem(field: path.isEmpty ? "file" : path, reason: "must be an object, not \(value.kindName)")
        }
        for member in members where !allowed.contains(member.key) {
            throw InputProblem(
                .unknownWord,
                field: path.isEmpty ? InputProblem.printable(member.key) : "\(path).\(InputProblem.printable(member.key))",
                reason: "is not known here; \(Suggestion.advice(for: member.key, among: allowed, otherwise: "allowed are"))"
            )
        }
        self.members = members
    }

    /// The member's value; `nil` when it is absent or null.
    package func value(_ key: String) -> JSONValue? {
        guard let value = members.first(where: { $0.key == key })?.value, value != .null else { return nil }
        return value
    }

    private func field(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    package func optional(_ key: String) throws(InputProblem) -> String? {
        guard let value = value(key) else { return nil }
        guard case .string(let text) = value else {
            throw InputProblem(field: field(key), held: value, reason: "must be a string")
        }
        return text
    }

    package func required(_ key: String) throws(InputProblem) -> String {
        guard let text = try optional(key) else { throw InputProblem(.missing, field: field(key), reason: "is missing") }
        return text
    }

    /// A required id of the platform's; see ``Identifier/check(_:field:)``.
    func requiredIdentifier(_ key: String) throws(InputProblem) -> String {
        let text = try required(key)
        try Identifier.check(text, field: field(key))
        return text
    }

    package func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String,
        _ type: Choice.Type
    ) throws(InputProblem) -> Choice? where Choice.RawValue == String {
        guard let text = try optional(key) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let reason = Suggestion.refusal(of: text, among: Choice.allCases.map(\.rawValue))
            throw InputProblem(.unknownWord, field: field(key), value: text, reason: reason)
        }
        return choice
    }

    package func list(_ key: String) throws(InputProblem) -> [JSONValue] {
        guard let value = value(key) else { return [] }
        guard case .array(let elements) = value else {
            throw InputProblem(field: field(key), reason: "must be an array, not \(value.kindName)")
        }
        return elements
    }

    package func integer(_ key: String, _ range: ClosedRange<Int>) throws(InputProblem) -> Int? {
        guard let value = value(key) else { return nil }
        guard case .number(let text) = value, let number = Int(text), range.contains(number) else {
            let reason = "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
            throw InputProblem(field: field(key), held: value, reason: reason, code: value.isNumber ? .outOfRange : .malformed)
        }
        return number
    }

    /// A number that need not be whole.
    /// - Parameter reason: What a number must be that `isAllowed` lets pass.
    func number(_ key: String, reason: String, where isAllowed: (Double) -> Bool) throws(InputProblem) -> Double? {
        guard let value = value(key) else { return nil }
        guard case .number(let text) = value, let number = Double(text), isAllowed(number) else {
            throw InputProblem(field: field(key), held: value, reason: reason, code: value.isNumber ? .outOfRange : .malformed)
        }
        return number
    }
}

extension InputProblem {
    /// A problem with a value of another kind than wanted. The message puts a value in quotes, so of a string it says that it is
    /// one. Arrays and objects are named by their kind alone: anything may be in them, a secret too.
    init(field: String, held value: JSONValue, reason: String, code: Code = .malformed) {
        switch value {
        case .string(let text): self.init(code, field: field, value: text, reason: "\(reason), not a string")
        case .array, .object: self.init(code, field: field, reason: "\(reason), not \(value.kindName)")
        case .null, .bool, .number: self.init(code, field: field, value: value.text, reason: "\(reason), not \(value.kindName)")
        }
    }
}

extension JSONValue {
    /// Whether it is a number, so that a problem with it is about how large it is.
    var isNumber: Bool { if case .number = self { true } else { false } }
}
