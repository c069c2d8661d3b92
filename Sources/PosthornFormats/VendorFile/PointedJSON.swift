import PosthornModel
import PosthornText

/// A value of a document with the JSON Pointer (RFC 6901) that leads to it, so that a refusal says where to look.
struct PointedJSON {
    let value: JSONValue
    let pointer: String

    func problem(_ reason: String) -> InputProblem { problem(.malformed, reason) }

    func problem(value text: String, _ reason: String) -> InputProblem { problem(.malformed, value: text, reason) }

    func problem(_ code: InputProblem.Code, value text: String? = nil, _ reason: String) -> InputProblem {
        InputProblem(code, field: pointer.isEmpty ? "vendor file" : pointer, value: text, reason: reason)
    }

    /// A member that is there and not null; `nil` otherwise.
    subscript(name: String) -> PointedJSON? {
        guard let member = value[name], member != .null else { return nil }
        return PointedJSON(value: member, pointer: below(name))
    }

    private func below(_ name: String) -> String {
        "\(pointer)/\(name.replacing("~", with: "~0").replacing("/", with: "~1"))"
    }

    func required(_ name: String) throws(InputProblem) -> PointedJSON {
        guard let member = self[name] else { throw InputProblem(.missing, field: below(name), reason: "is missing") }
        return member
    }

    /// Throws unless it is an object of these members alone.
    func expect(_ known: [String]) throws(InputProblem) {
        for (name, member) in try members() where !known.contains(name) {
            throw member.problem(.unknownWord, "is not known; \(Suggestion.advice(for: name, among: known, otherwise: "known are"))")
        }
    }

    func members() throws(InputProblem) -> [(name: String, member: PointedJSON)] {
        guard case .object(let members) = value else { throw problem("must be an object, not \(value.kindName)") }
        return members.map { ($0.key, PointedJSON(value: $0.value, pointer: below($0.key))) }
    }

    func elements() throws(InputProblem) -> [PointedJSON] {
        guard case .array(let elements) = value else { throw problem("must be an array, not \(value.kindName)") }
        return elements.enumerated().map { PointedJSON(value: $0.element, pointer: "\(pointer)/\($0.offset)") }
    }

    func string() throws(InputProblem) -> String {
        guard case .string(let text) = value else { throw problem("must be a string, not \(value.kindName)") }
        return text
    }

    /// A string that is not empty, unless it is not there.
    func text(_ name: String) throws(InputProblem) -> String? {
        guard let member = self[name] else { return nil }
        let text = try member.string()
        if text.isEmpty { throw member.problem(.missing, "is empty") }
        return text
    }

    func integer(_ name: String, _ range: ClosedRange<Int>) throws(InputProblem) -> Int? {
        guard let member = self[name] else { return nil }
        guard case .number(let text) = member.value, let number = Int(text), range.contains(number) else {
            throw member.problem(.outOfRange, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func flag(_ name: String) throws(InputProblem) -> Bool {
        guard let member = self[name] else { return false }
        guard case .bool(let flag) = member.value else { throw member.problem("must be true or false, not \(member.value.kindName)") }
        return flag
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String,
        _ type: Choice.Type
    ) throws(InputProblem) -> Choice? where Choice.RawValue == String {
        guard let member = self[name] else { return nil }
        let text = try member.string()
        guard let choice = Choice(rawValue: text) else {
            throw member.problem(.unknownWord, value: text, Suggestion.refusal(of: text, among: Choice.allCases.map(\.rawValue)))
        }
        return choice
    }

    /// A member with templates for values.
    func templates(_ name: String, _ use: VendorTemplate.Use) throws(InputProblem) -> [(name: String, template: VendorTemplate)] {
        guard let object = self[name] else { return [] }
        return try object.members().map { (name, member) throws(InputProblem) in (name, try VendorTemplate(member, use)) }
    }
}
