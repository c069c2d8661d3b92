package import PosthornText

extension Topology {
    /// Reads a topology file. Problems name the place, the value and what to do.
    public init(json bytes: [UInt8]) throws(InputProblem) { try self.init(json: bytes, vendorFile: Self.refuseFile) }

    /// The same, with files of vendors.
    /// - Parameter vendorFile: Reads the file that `"vendor": "file:PATH"` names, by its path.
    package init(json bytes: [UInt8], vendorFile: (String) throws(InputProblem) -> JSONValue) throws(InputProblem) {
        let root: JSONValue
        do throws(JSONProblem) { root = try JSONValue.parse(bytes) } catch {
            if error.isOfAnotherKind { throw InputProblem(field: "", reason: error.reason) }
            let line = bytes.prefix(error.offset).count { $0 == 0x0A } + 1
            throw InputProblem(field: "line \(line)", reason: "\(error)")
        }
        if case .array = root {
            throw InputProblem(field: "", reason: "is a JSON array; a topology is one object, {\"nodes\": […], \"endpoints\": […]}")
        }
        try self.init(root, vendorFile: vendorFile)
    }

    /// Reads a topology that has been parsed.
    package init(_ root: JSONValue) throws(InputProblem) { try self.init(root, vendorFile: Self.refuseFile) }

    /// Only where an operator names them are files read.
    private static func refuseFile(_ path: String) throws(InputProblem) -> JSONValue {
        throw InputProblem(
            .notAllowed,
            field: "",
            value: VendorDocument.prefix + path,
            reason: "is a file, which posthorn apply alone reads; apply a topology file that names it"
        )
    }

    private init(_ root: JSONValue, vendorFile: (String) throws(InputProblem) -> JSONValue) throws(InputProblem) {
        let file = try ObjectReader(root, at: "", allowed: ["nodes", "endpoints"])
        let nodes = try file.list("nodes").enumerated().map { (i, value) throws(InputProblem) in
            try Node(topology: value, at: "nodes[\(i)]")
        }
        let endpoints = try file.list("endpoints").enumerated().map { (i, value) throws(InputProblem) in
            try EndpointSettings(topology: value, at: "endpoints[\(i)]", vendorFile: vendorFile)
        }
        try self.init(nodes: nodes, endpoints: endpoints)
    }
}

extension Node {
    fileprivate init(topology value: JSONValue, at path: String) throws(InputProblem) {
        let reader = try ObjectReader(value, at: path, allowed: ["id", "level", "parent", "name", "notification_contact", "limits"])
        let id = try reader.requiredIdentifier("id")
        let levelText = try reader.required("level")
        guard let level = Level(rawValue: levelText) else {
            let advice = Suggestion.advice(for: levelText, among: Level.allCases.map(\.rawValue))
            throw InputProblem(.unknownWord, field: "\(path).level", value: levelText, reason: "is not a level; \(advice)")
        }
        var email: String?
        if let contact = reader.value("notification_contact") {
            let inner = try ObjectReader(contact, at: "\(path).notification_contact", allowed: ["email"])
            let address: String = try inner.required("email")
            do throws(InputProblem) { email = try MailAddress(address).text } catch {
                throw error.inside("\(path).notification_contact.email")
            }
        }
        let name = try reader.optional("name")
        if let name, name.utf8.count > 256 || name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            throw InputProblem(field: "\(path).name", value: name, reason: "must be at most 256 bytes without control characters")
        }
        self.init(
            id: id,
            level: level,
            parent: reader.value("parent") == nil ? nil : try reader.requiredIdentifier("parent"),
            name: name,
            notificationEmail: email,
            limits: try reader.value("limits").map { (value) throws(InputProblem) in try DeliveryLimits(json: value, at: "\(path).limits") }
        )
    }
}

extension EndpointSettings {
    fileprivate init(
        topology value: JSONValue,
        at path: String,
        vendorFile: (String) throws(InputProblem) -> JSONValue
    ) throws(InputProblem) {
        let reader = try ObjectReader(
            value,
            at: path,
            allowed: [
                "id", "node", "url", "vendor", "envelope", "signature", "credentials", "events", "method", "headers",
                "timeout_ms", "max_in_flight", "rate_per_second", "retry", "order", "on_exhausted",
                "health",
            ]
        )
        self.init(
            id: try reader.requiredIdentifier("id"),
            node: try reader.requiredIdentifier("node"),
            url: try reader.required("url")
        )
        let document = try Self.document(reader, vendorFile)
        try takeFormat(reader, document)
        if let method = try reader.choice("method", RequestMethod.self) { self.method = method }
        let patterns = try reader.list("events")
        if patterns.isEmpty, reader.value("events") != nil {
            throw InputProblem(
                .outOfRange,
                field: "\(path).events",
                value: "[]",
                reason: "names no type; leave it out, or write [\"*\"], for all"
            )
        }
        for (i, pattern) in patterns.enumerated() {
            guard case .string(let text) = pattern else {
                throw InputProblem(field: "\(path).events[\(i)]", held: pattern, reason: "must be a string")
            }
            do throws(InputProblem) { events.append(try EventPattern(text)) } catch {
                throw error.inside("\(path).events[\(i)]")
            }
        }
        if let headers = reader.value("headers") { self.headers = try Self.headers(headers, at: "\(path).headers") }
        if let milliseconds = try reader.integer("timeout_ms", Self.timeoutRange) {
            timeoutMilliseconds = milliseconds
        } else if let milliseconds = document.flatMap(VendorDocument.timeoutMilliseconds) {
            timeoutMilliseconds = milliseconds
        }
        if let limit = try reader.integer("max_in_flight", Self.inFlightRange) { inFlightLimit = limit }
        if let rate = try reader.number("rate_per_second", reason: Self.rateReason, where: Self.isRate) { ratePerSecond = rate }
        if reader.value("retry") != nil {
            let texts = try reader.list("retry").map { (value) throws(InputProblem) -> String in
                switch value {
                case .string(let text): return text
                case .number("0"): return "0"
                default: throw InputProblem(field: "\(path).retry", held: value, reason: "must be a text such as \"10m\"")
                }
            }
            do throws(InputProblem) { retry = try RetrySchedule(texts) } catch { throw error.inside(path) }
        } else if let schedule = document.flatMap(VendorDocument.retry) {
            retry = schedule
        }
        if let value = reader.value("health") { health = try HealthSettings(json: value, at: "\(path).health") }
        order = try DeliveryOrder(order: reader.value("order"), onExhausted: try reader.optional("on_exhausted"), at: path)
    }

    /// A vendor's document: the file that `vendor` names, or what is written there itself.
    private static func document(
        _ reader: ObjectReader,
        _ vendorFile: (String) throws(InputProblem) -> JSONValue
    ) throws(InputProblem) -> JSONValue? {
        let field = "\(reader.path).vendor"
        switch reader.value("vendor") {
        case .object(let members)?: return .object(members)
        case .string(let text)? where text.hasPrefix(VendorDocument.prefix):
            let path = String(text.dropFirst(VendorDocument.prefix.count))
            if path.isEmpty { throw InputProblem(.missing, field: field, value: text, reason: "names no file; write file:PATH") }
            do throws(InputProblem) { return try vendorFile(path) } catch {
                // The place inside of the file is a JSON Pointer.
                throw error.field.hasPrefix("/") ? error.at(field + error.field) : error.inside(field)
            }
        default: return nil
        }
    }

    private mutating func takeFormat(_ reader: ObjectReader, _ document: JSONValue?) throws(InputProblem) {
        try takeScheme(reader, document)
        switch reader.value("credentials") {
        case nil: break
        case .string(MaskedURL.mark): keepsCredentials = true
        case .object(let members):
            credentials = Dictionary(members.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
        case let other?:
            throw InputProblem(field: "\(reader.path).credentials", reason: "must be an object, not \(other.kindName)")
        }
        if let document { credentials[VendorDocument.member] = document }
        if signature == .vendorFile, document == nil, !keepsCredentials {
            throw InputProblem(
                .missing,
                field: "\(reader.path).vendor",
                reason: "is missing; a vendor's file is given as \"vendor\": \"file:PATH\", and signature follows from it"
            )
        }
    }

    private mutating func takeScheme(_ reader: ObjectReader, _ document: JSONValue?) throws(InputProblem) {
        if document != nil {
            for member in ["envelope", "signature"] where reader.value(member) != nil {
                throw InputProblem(
                    .incompatible,
                    field: "\(reader.path).\(member)",
                    reason: "is said by the vendor's file already; leave it out"
                )
            }
            (envelope, signature) = (.raw, .vendorFile)
            return
        }
        if let vendor = try reader.choice("vendor", Vendor.self) {
            envelope = vendor.envelope
            signature = vendor.signature
        } else if reader.value("envelope") == nil {
            throw InputProblem(
                .missing,
                field: "\(reader.path).vendor",
                reason: "is missing; name a vendor (\(Vendor.allCases.map(\.rawValue).joined(separator: ", ")), file:PATH) or an envelope"
            )
        }
        if let envelope = try reader.choice("envelope", Envelope.self) { self.envelope = envelope }
        if let signature = try reader.choice("signature", SignatureScheme.self) { self.signature = signature }
    }

    private static func headers(_ value: JSONValue, at path: String) throws(InputProblem) -> [Header] {
        guard case .object(let members) = value else {
            // The value is not repeated: what was meant as a header may hold a secret.
            let example = "{\"Authorization\": \"…\"}"
            throw InputProblem(field: path, reason: "must be an object of names and values, such as \(example), not \(value.kindName)")
        }
        return try members.map { (member) throws(InputProblem) -> Header in
            guard case .string(let text) = member.value else {
                throw InputProblem(field: "\(path).\(HeaderRules.shown(name: member.key))", reason: "must be a string")
            }
            try HeaderRules.check(name: member.key, value: text, field: "\(path).\(HeaderRules.shown(name: member.key))")
            return Header(name: member.key.lowercased(), value: text)
        }
    }
}
