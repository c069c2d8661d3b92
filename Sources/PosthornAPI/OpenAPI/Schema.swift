import PosthornText

/// JSON Schema (2020-12), as OpenAPI 3.1 has it, in small pieces.
enum Schema {
    static func of(_ type: String, _ more: (String, JSONValue)...) -> JSONValue {
        .object([.init("type", .string(type))] + more.map { .init($0.0, $0.1) })
    }

    static let string = of("string")
    static let boolean = of("boolean")
    static let integer = of("integer")
    static let number = of("number")
    static let time = of("string", ("format", .string("date-time")))
    /// An object whose members are not described.
    static let openObject = of("object")

    static func text(limit: Int) -> JSONValue { of("string", ("minLength", .number("1")), ("maxLength", .number(String(limit)))) }

    static func integer(_ range: ClosedRange<Int>) -> JSONValue {
        of("integer", ("minimum", .number(String(range.lowerBound))), ("maximum", .number(String(range.upperBound))))
    }

    static func choice(_ words: [String]) -> JSONValue { of("string", ("enum", .array(words.map { .string($0) }))) }

    static func pattern(_ text: String) -> JSONValue { of("string", ("pattern", .string(text))) }

    /// A value that may be null.
    static func nullable(_ type: String, _ more: (String, JSONValue)...) -> JSONValue {
        .object([.init("type", .array([.string(type), .string("null")]))] + more.map { .init($0.0, $0.1) })
    }

    static let nullableTime = nullable("string", ("format", .string("date-time")))

    static func array(_ element: JSONValue) -> JSONValue { of("array", ("items", element)) }

    static func array(_ element: JSONValue, limit: Int) -> JSONValue {
        of("array", ("items", element), ("maxItems", .number(String(limit))))
    }

    static func map(of element: JSONValue) -> JSONValue { of("object", ("additionalProperties", element)) }

    static func oneOf(_ schemas: [JSONValue]) -> JSONValue { .object([.init("oneOf", .array(schemas))]) }

    static func reference(_ name: String) -> JSONValue { .object([.init("$ref", .string("#/components/schemas/\(name)"))]) }

    static func described(_ schema: JSONValue, _ text: String) -> JSONValue {
        guard case .object(let members) = schema else { return schema }
        return .object(members + [.init("description", .string(text))])
    }

    /// An object with these members and no others.
    static func object(_ members: [(String, JSONValue)], required: [String] = []) -> JSONValue {
        var parts: [JSONValue.Member] = [
            .init("type", .string("object")), .init("properties", .object(members.map { .init($0.0, $0.1) })),
        ]
        if !required.isEmpty { parts.append(.init("required", .array(required.map { .string($0) }))) }
        parts.append(.init("additionalProperties", .bool(false)))
        return .object(parts)
    }

    /// An object all of whose members are always there.
    static func whole(_ members: [(String, JSONValue)]) -> JSONValue { object(members, required: members.map(\.0)) }

    /// A part of a list.
    static func list(_ element: String, isSearched: Bool = false) -> JSONValue {
        let searched = described(time, "Up to where in time the rows were searched, where that ended before the part was full.")
        return object(
            [
                ("data", array(reference(element))), ("next_cursor", nullable("string")), ("previous_cursor", nullable("string")),
            ] + (isSearched ? [("searched_until", searched)] : []),
            required: ["data", "next_cursor", "previous_cursor"]
        )
    }
}

extension Parameter {
    /// What its value must be.
    var schema: JSONValue {
        switch kind {
        case .text(let limit): return Schema.text(limit: limit)
        case .name: return Schema.pattern("^[!-~]{1,255}$")
        case .integer(let range): return Schema.integer(range)
        case .choice(let words): return Schema.choice(words)
        case .flag: return Schema.boolean
        case .time: return Schema.time
        case .pattern: return Schema.pattern("^[A-Za-z0-9_.:/*-]{1,128}$")
        case .number: return Schema.pattern("^[1-9][0-9]{0,17}$")
        case .deliveryCursor: return Schema.pattern("^[np]\\.(0|[1-9][0-9]{0,17})(\\.(0|[1-9][0-9]{0,17}))?$")
        case .cursor(let nameLimit): return Schema.pattern(nameLimit == nil ? "^[np]\\.(0|[1-9][0-9]{0,17})$" : "^[np]\\..+$")
        }
    }
}
