import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornStore
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornAPI

/// The document says what the server does: it is made of the table that routes.
@Suite(.limited()) struct OpenAPITests {
    private let bench: APIBench
    private let document: JSONValue

    init() throws {
        bench = try APIBench(backups: { BackupFolder($1, of: $0) })
        document = bench.ask("GET", "/openapi.json").json
    }

    @Test func everyRouteIsInTheDocumentAndNoOther() throws {
        guard case .object(let paths)? = document["paths"] else { throw Missing() }
        var described: Set<String> = []
        for path in paths {
            guard case .object(let methods) = path.value else { continue }
            for method in methods { described.insert("\(method.key.uppercased()) \(path.key)") }
        }
        #expect(described == Set(bench.api.table.routes.map { "\($0.method) \($0.path)" }))
        #expect(Set(bench.api.table.routes.map(\.operation)).count == bench.api.table.routes.count)
    }

    @Test func everyReferenceLeadsToASchema() throws {
        guard case .object(let schemas)? = document["components"]?["schemas"] else { throw Missing() }
        let names = Set(schemas.map { "#/components/schemas/\($0.key)" })
        var used: Set<String> = []
        Self.visit(document) { key, value in if key == "$ref" { used.insert(value.string) } }
        #expect(used.isSubset(of: names))
        #expect(names.subtracting(used).isEmpty)
    }

    @Test func everyExampleIsThereAndFitsItsSchema() throws {
        let checker = SchemaChecker(document)
        for route in bench.api.table.routes {
            for answer in route.answers where answer.status != 204 && answer.type == "application/json" && route.path != "/openapi.json" {
                let example = try #require(answer.example, "\(route.operation)")
                #expect(checker.fault(of: example, answer.schema ?? .object([])) == nil, "\(route.operation)")
            }
            if let body = route.body { #expect(checker.fault(of: body.example, body.schema) == nil, "\(route.operation)") }
            for parameter in route.parameters {
                #expect(parameter.fault(of: parameter.example) == nil, "\(route.operation) \(parameter.name)")
            }
        }
    }

    /// What is answered for real, held to the document.
    @Test func answersFitTheirSchemas() throws {
        try bench.emit("m1-started")
        let number = String(try bench.deliveries(of: "mine")[0])
        var ids = [
            "events": "m1-started", "deliveries": number, "endpoints": "mine", "nodes": "c1", "problems": "not-found", "replays": "1",
        ]
        _ = try bench.outbox.startReplay(Replay.Selection())
        let backup = bench.ask("POST", "/v1/backups").json["id"]?.string
        while bench.ask("GET", "/v1/backups").data[0]["state"] != .string("done") {}
        ids["backups"] = backup
        let checker = SchemaChecker(document)
        for route in bench.api.table.routes where route.method == "GET" && route.path != "/openapi.json" {
            let target =
                "/"
                + route.segments.enumerated().map { i, segment in
                    segment.hasPrefix("{") ? ids[String(route.segments[i - 1])] ?? "-" : String(segment)
                }.joined(separator: "/")
            let answer = bench.ask("GET", target)
            #expect(answer.status == route.answers[0].status, "\(target): \(answer.text)")
            guard let schema = route.answers[0].schema, route.answers[0].type == "application/json" else { continue }
            let fault = checker.fault(of: answer.json, schema)
            #expect(fault == nil, "\(target): \(fault ?? "") in \(answer.text)")
        }
    }

    @Test func aBasePathIsBeforeEverything() throws {
        var options = API.Options()
        options.basePath = "/hooks"
        let bench = try APIBench(options)
        #expect(bench.ask("GET", "/hooks/v1/nodes").status == 200 && bench.ask("GET", "/v1/nodes").status == 404)
        #expect(bench.ask("GET", "/hooks/v1/nodes/xx").json["type"] == .string("/hooks/problems/not-found"))
        #expect(bench.ask("GET", "/hooks/openapi.json").text.contains(#""servers":[{"url":"/hooks"}]"#))
    }

    private struct Missing: Error {}

    private static func visit(_ value: JSONValue, _ body: (String, JSONValue) -> Void) {
        switch value {
        case .object(let members):
            for member in members {
                body(member.key, member.value)
                visit(member.value, body)
            }
        case .array(let elements): for element in elements { visit(element, body) }
        default: break
        }
    }
}

/// As much of JSON Schema as the document uses.
struct SchemaChecker {
    private let document: JSONValue

    init(_ document: JSONValue) { self.document = document }

    /// What is wrong with a value; `nil` when it fits.
    func fault(of value: JSONValue, _ schema: JSONValue, at place: String = "") -> String? {
        if let reference = schema["$ref"]?.string {
            let name = reference.split(separator: "/").last.map { String($0) } ?? ""
            guard let target = document["components"]?["schemas"]?[name] else { return "\(place): no schema \(name)" }
            return fault(of: value, target, at: place)
        }
        if case .array(let options)? = schema["oneOf"] {
            let faults = options.map { fault(of: value, $0, at: place) }
            return faults.contains { $0 == nil } ? nil : faults.compactMap { $0 }.joined(separator: " or ")
        }
        if let type = schema["type"], let fault = typeFault(value, type, place) { return fault }
        if case .array(let words)? = schema["enum"], !words.contains(value) { return "\(place): \(value.text) is none of them" }
        if case .array(let elements) = value, let items = schema["items"] {
            return elements.enumerated().lazy.compactMap { fault(of: $1, items, at: "\(place)/\($0)") }.first
        }
        guard case .object(let members) = value else { return nil }
        if case .array(let required)? = schema["required"] {
            for name in required where value[name.string] == nil { return "\(place): \(name.string) is missing" }
        }
        for member in members {
            if let inner = schema["properties"]?[member.key] {
                if let fault = fault(of: member.value, inner, at: "\(place)/\(member.key)") { return fault }
            } else if schema["additionalProperties"] == .bool(false) {
                return "\(place): \(member.key) is not described"
            }
        }
        return nil
    }

    private func typeFault(_ value: JSONValue, _ type: JSONValue, _ place: String) -> String? {
        let names: [String] = if case .array(let names) = type { names.map(\.string) } else { [type.string] }
        let isFit = names.contains { name in
            switch (name, value) {
            case ("string", .string), ("boolean", .bool), ("null", .null), ("array", .array), ("object", .object), ("number", .number): true
            case ("integer", .number(let text)): Int(text) != nil
            default: false
            }
        }
        return isFit ? nil : "\(place): \(value.kindName) is not \(names)"
    }
}
