package import PosthornModel
package import PosthornText

/// A vendor as data: how it sends, and what its events look like.
///
/// One OpenAPI 3.1 document whose `webhooks` name the types, with the extension `x-webhook-sender`; or an OpenAPI Overlay that
/// `extends` such a document and adds the extension to it.
package struct VendorFile: Sendable {
    /// One type of event.
    package struct EventKind: Sendable {
        /// Its name among the document's `webhooks`.
        package let name: String
        /// Data as examples show them, or as the schema wants them; at least one.
        package let samples: [[UInt8]]
        /// Headers that the document gives examples for.
        package let headers: [(name: String, value: String)]
    }

    /// How it sends.
    package let description: VendorDescription
    /// Its types in the order of the document.
    package let types: [EventKind]
    /// What an endpoint keeps of it: the extension, an example of the first type, and the headers that the document has examples for.
    package let kept: JSONValue

    private static let typeLimit = 5000

    /// Reads a file.
    /// - Parameters:
    ///   - bytes: The file, JSON.
    ///   - extended: Reads the document that an overlay `extends`, by the name that it gives.
    /// - Throws: What is wrong, by its JSON Pointer.
    package init(_ bytes: [UInt8], extended: (String) throws(InputProblem) -> [UInt8]) throws(InputProblem) {
        var document = try Self.parse(bytes)
        if document["overlay"] != nil { document = try Self.overlaid(document, extended) }
        let root = PointedJSON(value: document, pointer: "")
        guard let version = try root.text("openapi"), version.hasPrefix("3.1") else {
            throw root.problem(
                .incompatible,
                "must be an OpenAPI 3.1 document (\"openapi\": \"3.1.0\") or an Overlay (\"overlay\": \"1.0.0\")"
            )
        }
        let title = try root["info"]?.text("title") ?? "vendor"
        description = try VendorDescription(try root.required(VendorDescription.member), title: title)
        types = try Self.types(root) { $0.isEmpty }
        kept = Self.kept(document, title, types, description)
        try checkSamples()
    }

    /// Reads what an endpoint keeps of a file.
    /// - Parameter isProved: Whether its vectors have come out before, and need not again.
    init(kept document: JSONValue, isProved: Bool) throws(InputProblem) {
        let root = PointedJSON(value: document, pointer: "")
        let title = try root["info"]?.text("title") ?? "vendor"
        description = try VendorDescription(try root.required(VendorDescription.member), title: title, isProved: isProved)
        types = try Self.types(root) { _ in false }
        kept = document
        try checkSamples()
    }

    private static func kept(
        _ document: JSONValue,
        _ title: String,
        _ types: [EventKind],
        _ description: VendorDescription
    ) -> JSONValue {
        let written = Set(description.headers.map { $0.name.lowercased() })
        let webhooks = types.enumerated().compactMap { i, type -> JSONValue.Member? in
            let headers = type.headers.filter { !written.contains($0.name.lowercased()) }
            if i > 0, headers.isEmpty { return nil }
            var operation: [JSONValue.Member] = []
            if !headers.isEmpty {
                let parameters = headers.map { header -> JSONValue in
                    .object([
                        .init("name", .string(header.name)), .init("in", .string("header")), .init("example", .string(header.value)),
                    ])
                }
                operation.append(.init("parameters", .array(parameters)))
            }
            if i == 0, let sample = type.samples.first, let example = try? JSONValue.parse(sample) {
                let content = JSONValue.object([.init("application/json", .object([.init("example", example)]))])
                operation.append(.init("requestBody", .object([.init("content", content)])))
            }
            return .init(type.name, .object([.init("post", .object(operation))]))
        }
        return .object([
            .init("openapi", document["openapi"] ?? .string("3.1.0")),
            .init("info", .object([.init("title", .string(title)), .init("version", document["info"]?["version"] ?? .string("1"))])),
            .init(VendorDescription.member, document[VendorDescription.member] ?? .null), .init("webhooks", .object(webhooks)),
        ])
    }

    /// An example of a type; of the first one when none is named.
    package func sample(_ type: String?) throws(InputProblem) -> (type: String, data: [UInt8]) {
        guard let kind = type.map({ type in types.first { $0.name == type } }) ?? types.first, let data = kind.samples.first else {
            let reason = Suggestion.refusal(of: type ?? "", among: types.prefix(40).map(\.name))
            throw InputProblem(.unknownWord, field: "type", value: type, reason: reason)
        }
        return (kind.name, data)
    }

    private static func parse(_ bytes: [UInt8]) throws(InputProblem) -> JSONValue {
        do throws(JSONProblem) { return try JSONValue.parse(bytes) } catch {
            throw InputProblem(field: "vendor file", reason: "is \(error)")
        }
    }

    /// An overlay of one kind alone: objects merged into the root.
    private static func overlaid(
        _ overlay: JSONValue,
        _ extended: (String) throws(InputProblem) -> [UInt8]
    ) throws(InputProblem) -> JSONValue {
        let root = PointedJSON(value: overlay, pointer: "")
        try root.expect(["overlay", "info", "extends", "actions"])
        let name = try root.required("extends")
        let path = try name.string()
        if path.contains("://") { throw name.problem(value: path, "is a URL; fetch the document, and name the file") }
        var document = try parse(try extended(path))
        for action in try root.required("actions").elements() {
            try action.expect(["target", "description", "update"])
            let target = try action.required("target")
            if target.value != .string("$") { throw target.problem(.incompatible, "must be \"$\": only the root can be added to") }
            document = merged(document, try action.required("update").value)
        }
        return document
    }

    private static func merged(_ one: JSONValue, _ other: JSONValue) -> JSONValue {
        guard case .object(var members) = one, case .object(let added) = other else { return other }
        for member in added {
            if let place = members.firstIndex(where: { $0.key == member.key }) {
                members[place] = .init(member.key, merged(members[place].value, member.value))
            } else {
                members.append(member)
            }
        }
        return .object(members)
    }

    /// - Parameter isRefused: Whether a type with these samples cannot be used.
    private static func types(_ root: PointedJSON, unless isRefused: ([[UInt8]]) -> Bool) throws(InputProblem) -> [EventKind] {
        let webhooks = try root.required("webhooks")
        let members = try webhooks.members()
        if members.isEmpty || members.count > typeLimit {
            throw webhooks.problem(.outOfRange, "must have 1 to \(typeLimit) types of events")
        }
        return try members.map { (name, member) throws(InputProblem) in
            do throws(InputProblem) { try EventType.check(name) } catch { throw error.at(member.pointer) }
            let samples = DocumentSamples(root.value)
            guard let operation = samples.resolved(member.value)["post"] else {
                throw member.problem(.missing, "has no post, which is how a webhook is called")
            }
            let found = samples.data(of: operation)
            if isRefused(found) {
                throw member.problem(.missing, "has no request body with an example or a schema of an object")
            }
            return EventKind(name: name, samples: found, headers: samples.headers(of: operation))
        }
    }

    /// What is filled in must have a place in every sample.
    private func checkSamples() throws(InputProblem) {
        for type in types {
            for sample in type.samples {
                for pointer in description.places
                where pointer.place(in: description.form == .batch ? [0x5B] + sample + [0x5D] : sample) == nil {
                    throw InputProblem(
                        .missing,
                        field: "/webhooks/\(type.name)",
                        reason: "has an example without \(pointer.text), where a value is written"
                    )
                }
            }
        }
    }
}

extension VendorDescription {
    /// What a request has where the file says that something is.
    package static func find(_ finder: Finder, headers: [(name: String, value: String)], body: [UInt8]) -> String? {
        switch finder {
        case .header(let name): return headers.first { $0.name.lowercased() == name }?.value
        case .json(let text): return JSONPointer(text).flatMap { $0.text(in: body) }.map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// Where values are written into the body.
    var places: [JSONPointer] {
        fills.map(\.pointer) + signatures.compactMap { if case .json(let pointer) = $0.place { pointer } else { nil } }
    }
}
