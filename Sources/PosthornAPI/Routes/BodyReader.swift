import PosthornModel
import PosthornText

/// Reads the members of a small body.
struct BodyReader {
    private let members: [JSONValue.Member]

    /// - Throws: ``APIProblem`` unless the body is an object with none but these members.
    init(_ value: JSONValue, allowed: [String]) throws(APIProblem) {
        guard case .object(let members) = value else {
            throw APIProblem([InputProblem(field: "", reason: "must be an object, not \(value.kindName)")])
        }
        let faults = members.filter { !allowed.contains($0.key) }.map { member in
            InputProblem(
                field: InputProblem.printable(member.key),
                reason: "is not known here; \(Suggestion.advice(for: member.key, among: allowed, otherwise: "allowed are"))"
            )
        }
        if !faults.isEmpty { throw APIProblem(faults) }
        self.members = members
    }

    /// The member; `nil` when it is absent or null.
    func value(_ name: String) -> JSONValue? {
        guard let value = members.first(where: { $0.key == name })?.value, value != .null else { return nil }
        return value
    }

    /// Whether the member is there and not null.
    func has(_ name: String) -> Bool { value(name) != nil }

    func text(_ name: String, limitBytes: Int) throws(APIProblem) -> String? {
        guard let value = value(name) else { return nil }
        guard case .string(let text) = value, (1...limitBytes).contains(text.utf8.count) else {
            throw APIProblem([InputProblem(field: name, reason: "must be a string of 1 to \(limitBytes) bytes")])
        }
        return text
    }

    func flag(_ name: String) throws(APIProblem) -> Bool? {
        guard let value = value(name) else { return nil }
        guard case .bool(let flag) = value else {
            throw APIProblem([InputProblem(field: name, reason: "must be true or false, not \(value.kindName)")])
        }
        return flag
    }

    func integer(_ name: String, _ range: ClosedRange<Int>) throws(APIProblem) -> Int? {
        guard let value = value(name) else { return nil }
        guard case .number(let text) = value, let number = Int(text), range.contains(number) else {
            let reason = "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
            throw APIProblem([InputProblem(field: name, reason: reason)])
        }
        return number
    }

    func integers(_ name: String, _ range: ClosedRange<Int>) throws(APIProblem) -> [Int]? {
        guard let value = value(name) else { return nil }
        guard case .array(let elements) = value else {
            throw APIProblem([InputProblem(field: name, reason: "must be an array of whole numbers, not \(value.kindName)")])
        }
        return try elements.enumerated().map { (i, element) throws(APIProblem) in
            guard case .number(let text) = element, let number = Int(text), range.contains(number) else {
                let reason = "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
                throw APIProblem([InputProblem(field: "\(name)[\(i)]", reason: reason)])
            }
            return number
        }
    }

    func texts(_ name: String) throws(APIProblem) -> [String]? {
        guard let value = value(name) else { return nil }
        guard case .array(let elements) = value else {
            throw APIProblem([InputProblem(field: name, reason: "must be an array of strings, not \(value.kindName)")])
        }
        return try elements.enumerated().map { (i, element) throws(APIProblem) in
            guard case .string(let text) = element else {
                throw APIProblem([InputProblem(field: "\(name)[\(i)]", reason: "must be a string, not \(element.kindName)")])
            }
            return text
        }
    }
}
