import PosthornModel
import PosthornText

/// Finds examples in an OpenAPI document, and makes them from schemas where there are none.
struct DocumentSamples {
    private let document: JSONValue
    private static let depthLimit = 24
    private static let countLimit = 8

    init(_ document: JSONValue) { self.document = document }

    /// What a local `$ref` leads to.
    func resolved(_ value: JSONValue, _ depth: Int = 0) -> JSONValue {
        guard depth < Self.depthLimit, case .string(let text)? = value["$ref"], text.hasPrefix("#/") else { return value }
        var found: JSONValue? = document
        for step in text.dropFirst(2).split(separator: "/", omittingEmptySubsequences: false) {
            found = found?[String(step).replacing("~1", with: "/").replacing("~0", with: "~")]
        }
        return found.map { resolved($0, depth + 1) } ?? .null
    }

    /// The data of an operation's requests: objects, or the first element of arrays.
    func data(of operation: JSONValue) -> [[UInt8]] {
        guard let body = operation["requestBody"].map({ resolved($0) }), case .object(let contents)? = body["content"] else { return [] }
        for content in contents {
            let examples = examples(content.value)
            let values = examples.isEmpty ? [content.value["schema"].map { sample($0) } ?? .null] : examples
            let objects = values.compactMap { value -> [UInt8]? in
                var value = value
                if case .array(let elements) = value, let first = elements.first { value = first }
                guard case .object = value else { return nil }
                return Array(value.text.utf8)
            }
            if !objects.isEmpty { return Array(objects.prefix(Self.countLimit)) }
        }
        return []
    }

    private func examples(_ content: JSONValue) -> [JSONValue] {
        if let example = content["example"] { return [example] }
        guard case .object(let examples)? = content["examples"] else { return [] }
        return examples.compactMap { resolved($0.value)["value"] }
    }

    /// Headers with an example or a fixed value.
    func headers(of operation: JSONValue) -> [(name: String, value: String)] {
        guard case .array(let parameters)? = operation["parameters"] else { return [] }
        return parameters.compactMap { parameter in
            let parameter = resolved(parameter)
            guard parameter["in"] == .string("header"), case .string(let name)? = parameter["name"] else { return nil }
            let schema = parameter["schema"].map { resolved($0) }
            let value = parameter["example"] ?? schema?["const"] ?? schema?["example"]
            let text: String
            switch value {
            case .string(let value): text = value
            case .number(let value): text = value
            default: return nil
            }
            do throws(InputProblem) { try HeaderRules.check(name: name, value: text, field: name) } catch { return nil }
            return (name, text)
        }
    }

    /// A value that a schema describes: its constant, default or example, or one of its type.
    func sample(_ schema: JSONValue, _ depth: Int = 0) -> JSONValue {
        let schema = resolved(schema)
        if depth > Self.depthLimit { return .null }
        if let value = schema["const"] ?? schema["default"] ?? schema["example"] { return value }
        for name in ["examples", "enum"] {
            if case .array(let values)? = schema[name], let first = values.first { return first }
        }
        for name in ["oneOf", "anyOf"] {
            if case .array(let schemas)? = schema[name], let first = schemas.first { return sample(first, depth + 1) }
        }
        if case .array(let schemas)? = schema["allOf"] {
            let parts = schemas.map { sample($0, depth + 1) }
            return .object(parts.flatMap { part -> [JSONValue.Member] in if case .object(let members) = part { members } else { [] } })
        }
        switch Self.type(schema) {
        case "object"?: return object(schema, depth)
        case "array"?: return .array(schema["items"].map { [sample($0, depth + 1)] } ?? [])
        case "integer"?, "number"?: return schema["minimum"] ?? .number("1")
        case "boolean"?: return .bool(true)
        case "null"?: return .null
        default: return .string(Self.text(schema))
        }
    }

    private func object(_ schema: JSONValue, _ depth: Int) -> JSONValue {
        guard case .object(let properties)? = schema["properties"] else { return .object([]) }
        var required: [JSONValue] = []
        if case .array(let names)? = schema["required"] { required = names }
        // Deep down only what must be there: schemas that hold themselves have no end otherwise.
        let wanted = properties.filter { depth < 4 || required.contains(.string($0.key)) }
        return .object(wanted.map { .init($0.key, sample($0.value, depth + 1)) })
    }

    private static func type(_ schema: JSONValue) -> String? {
        switch schema["type"] {
        case .string(let type)?: return type
        case .array(let types)?: return types.lazy.compactMap { if case .string(let type) = $0, type != "null" { type } else { nil } }.first
        default: return schema["properties"] == nil ? nil : "object"
        }
    }

    private static func text(_ schema: JSONValue) -> String {
        switch schema["format"] {
        case .string("date-time")?: return "2026-01-01T12:00:00Z"
        case .string("date")?: return "2026-01-01"
        case .string("uuid")?: return "0190b3c4-0000-8000-8000-000000000001"
        case .string("uri")?, .string("url")?: return "https://example.com/"
        case .string("email")?: return "someone@example.com"
        default: return "text"
        }
    }
}
