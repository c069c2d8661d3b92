import PosthornModel
import PosthornText

extension VendorDescription {
    /// The extension's name in an OpenAPI document.
    package static let member = VendorDocument.sender

    private static let members = [
        "sources", "body", "headers", "fill", "query", "config", "signatures", "tolerance_s", "success", "timeout_ms", "redirects", "retry",
        "identity", "event_type", "handshake", "vectors",
    ]

    /// Reads the extension.
    /// - Parameter isProved: Whether its vectors have come out before, and need not again.
    /// - Throws: What is wrong with it, by its JSON Pointer: an unknown member, a word that has no value there, a vector that does not
    ///   come out.
    init(_ json: PointedJSON, title: String, isProved: Bool = false) throws(InputProblem) {
        self.title = title
        try json.expect(Self.members)
        try Self.checkSources(json)
        form = try json.choice("body", BodyForm.self) ?? .json
        config =
            try json["config"]?.members().map { (name, member) throws(InputProblem) in
                (name, member.value == .string("") ? nil : try member.string())
            } ?? []
        headers = try json.templates("headers", .header)
        for (name, template) in headers { try Self.checkHeader(name, template, "\(json.pointer)/headers/\(name)") }
        fills =
            try json["fill"]?.members().map { (name, member) throws(InputProblem) in
                guard let pointer = JSONPointer(name) else { throw member.problem("must be named by a JSON Pointer, such as /id") }
                return (pointer, try VendorTemplate(member, .fill))
            } ?? []
        query = try json.templates("query", .query)
        signatures = try json["signatures"]?.elements().map { (one) throws(InputProblem) in try Signature(one) } ?? []
        toleranceSeconds = try json.integer("tolerance_s", 1...86_400)
        timeoutMilliseconds = try json.integer("timeout_ms", EndpointSettings.timeoutRange)
        if try json.flag("redirects"), let redirects = json["redirects"] {
            throw redirects.problem(
                .incompatible,
                value: "true",
                "is not done here: what is signed goes to no address that was not named; write false, or leave it out"
            )
        }
        if let success = json["success"] { self.success = try Self.statuses(success) }
        retry = try Self.retry(json)
        identity = try json["identity"].map { (one) throws(InputProblem) in try Finder(one) }
        type = try json["event_type"].map { (one) throws(InputProblem) in try Finder(one) }
        handshakes = try json["handshake"]?.elements().map { (one) throws(InputProblem) in try Handshake(one) } ?? []
        try checkWords(json)
        if isProved { return }
        vectors = try json["vectors"]?.elements().map { (one) throws(InputProblem) in try VendorVector(one, self) } ?? []
        try checkVectors(json)
    }

    /// Two that are written anyway may be others here; what changes from request to request is no matter for them.
    private static func checkHeader(_ name: String, _ template: VendorTemplate, _ field: String) throws(InputProblem) {
        for case .literal(let bytes) in template.pieces {
            try HeaderRules.check(value: String(decoding: bytes, as: UTF8.self), field: field)
        }
        if !["user-agent", "content-type"].contains(name.lowercased()) {
            return try HeaderRules.check(name: name, value: "", field: field)
        }
        if template.constant == nil { throw InputProblem(.incompatible, field: field, reason: "must be the same in every request") }
    }

    /// Where the statements come from: pages with the day on which they were read.
    private static func checkSources(_ json: PointedJSON) throws(InputProblem) {
        for source in try json["sources"]?.elements() ?? [] {
            try source.expect(["url", "read"])
            _ = try source.required("url").string()
            _ = try source.text("read")
        }
    }

    private static func statuses(_ json: PointedJSON) throws(InputProblem) -> [ClosedRange<Int>] {
        try json.elements().map { (one) throws(InputProblem) in
            let text = try one.string()
            if text.count == 3, text.hasSuffix("XX"), let first = text.first?.wholeNumberValue, (1...5).contains(first) {
                return (first * 100)...(first * 100 + 99)
            }
            guard let status = Int(text), (100...599).contains(status) else {
                throw one.problem(value: text, "must be a status such as \"200\", or a class such as \"2XX\"")
            }
            return status...status
        }
    }

    private static func retry(_ json: PointedJSON) throws(InputProblem) -> RetrySchedule? {
        guard let retry = json["retry"] else { return nil }
        try retry.expect(["schedule_s"])
        let schedule = try retry.required("schedule_s")
        let offsets = try schedule.elements().map { (one) throws(InputProblem) -> Int64 in
            guard case .number(let text) = one.value, let seconds = Int64(text), (1...31_622_400).contains(seconds) else {
                throw one.problem(.outOfRange, "must be whole seconds from the first attempt, at least 1")
            }
            return seconds * 1000
        }
        do throws(InputProblem) { return try RetrySchedule(offsetsMilliseconds: [0] + offsets) } catch { throw error.at(schedule.pointer) }
    }

    /// What a receiver has to know must reach it, and what an algorithm does not have must not be asked for.
    private func checkWords(_ json: PointedJSON) throws(InputProblem) {
        let told = (headers.map(\.template) + fills.map(\.template)).flatMap(\.words)
        let known = Set(config.map(\.name))
        for (i, signature) in signatures.enumerated() {
            let pointer = "\(json.pointer)/signatures/\(i)"
            var reaching = told
            if case .header(_, let value) = signature.place { reaching += value.words }
            let isInBody = if case .json = signature.place { true } else { false }
            for word in signature.content.words {
                if word.isOfSender, !reaching.contains(word) {
                    throw InputProblem(
                        .incompatible,
                        field: "\(pointer)/content",
                        reason: "signs a word that no header, fill or value brings to the receiver; add it to headers"
                    )
                }
                if isInBody, word.isOfBody {
                    throw InputProblem(
                        .incompatible,
                        field: "\(pointer)/content",
                        reason: "signs the body, into which the signature is written"
                    )
                }
                if case .header(let name) = word, !headers.contains(where: { $0.name.lowercased() == name }) {
                    throw InputProblem(
                        .notFound,
                        field: "\(pointer)/content",
                        value: name,
                        reason: "is a header that headers does not write"
                    )
                }
                if word == .key, case .digest = signature.algorithm { continue }
                if word == .key {
                    throw InputProblem(
                        .incompatible,
                        field: "\(pointer)/content",
                        reason: "holds {key}, which only a plain digest is made of"
                    )
                }
            }
        }
        let templates = headers.map(\.template) + fills.map(\.template) + query.map(\.template) + signatures.map(\.content)
        for case .config(let name) in templates.flatMap(\.words) where !known.contains(name) {
            throw InputProblem(
                .notFound,
                field: "\(json.pointer)/config",
                value: name,
                reason: "is used and not there; add it, with \"\" where it must be given"
            )
        }
    }

    /// Each signature has a vector that shows it, and each vector comes out.
    private func checkVectors(_ json: PointedJSON) throws(InputProblem) {
        let pointer = "\(json.pointer)/vectors"
        for (i, vector) in vectors.enumerated() {
            do throws(InputProblem) { try vector.check(self) } catch { throw error.inside(pointer: "\(pointer)/\(i)") }
        }
        for (i, signature) in signatures.enumerated() where !vectors.contains(where: { $0.shows(signature) }) {
            throw InputProblem(
                .missing,
                field: pointer,
                reason: "lack one that shows the result of signatures/\(i); a file without proof is not taken"
            )
        }
    }
}

extension InputProblem {
    /// The same problem below a JSON Pointer, unless it names one already.
    func inside(pointer: String) -> InputProblem { field.hasPrefix("/") ? self : at("\(pointer)/\(field)") }
}

extension VendorDescription.Finder {
    init(_ json: PointedJSON) throws(InputProblem) {
        try json.expect(["header", "json"])
        if let name = try json.text("header") {
            self = .header(name.lowercased())
        } else {
            let text = try json.required("json").string()
            guard JSONPointer(text) != nil else { throw json.problem(value: text, "must be a JSON Pointer, such as /id") }
            self = .json(text)
        }
    }
}

extension VendorDescription.Handshake {
    init(_ json: PointedJSON) throws(InputProblem) {
        try json.expect(["when", "method", "query", "body", "answer", "answer_json", "status", "signed", "wrongly_signed"])
        _ = try json.text("when")
        method = try json.choice("method", RequestMethod.self) ?? .post
        query = try json.templates("query", .handshake)
        body = try json["body"].map { (one) throws(InputProblem) in try VendorTemplate(one, .handshake) }
        answer = try json["answer"].map { (one) throws(InputProblem) in try VendorTemplate(one, .challenge) }
        answerPointer = try json["answer_json"].map { (one) throws(InputProblem) in
            guard let pointer = JSONPointer(try one.string()) else { throw one.problem("must be a JSON Pointer, such as /challenge") }
            return pointer
        }
        isSigned = try json.flag("signed")
        isWronglySigned = try json.flag("wrongly_signed")
        let wanted = try json.integer("status", 100...599)
        status = wanted.map { $0...$0 } ?? (isWronglySigned ? 400...499 : 200...299)
    }
}

extension VendorDescription.Key {
    init(_ json: PointedJSON?, _ algorithm: VendorAlgorithm) throws(InputProblem) {
        let usual: Encoding = algorithm.pair == nil ? .text : .pem
        guard let json else {
            (name, encoding, prefix) = (algorithm.pair == nil ? "secret" : "private_key", usual, nil)
            return
        }
        try json.expect(["name", "encoding", "prefix"])
        name = try json.text("name") ?? "secret"
        encoding = try json.choice("encoding", Encoding.self) ?? usual
        prefix = try json.text("prefix")
        let isPEM = encoding == .pem
        if isPEM != (algorithm.pair != nil), algorithm.pair != .ed25519 || encoding == .text {
            throw json.problem(.incompatible, value: encoding.rawValue, "is no encoding of a key for \(algorithm.name)")
        }
    }
}

extension VendorDescription.Signature {
    private static let members = ["algorithm", "key", "content", "encoding", "place", "repeat", "claims", "header"]

    init(_ json: PointedJSON) throws(InputProblem) {
        pointer = json.pointer
        try json.expect(Self.members)
        let named = try json.required("algorithm")
        let name = try named.string()
        guard let algorithm = VendorAlgorithm(name) else {
            throw named.problem(.unknownWord, value: name, Suggestion.refusal(of: name, among: VendorAlgorithm.all.map(\.name)))
        }
        self.algorithm = algorithm
        key = try VendorDescription.Key(json["key"], algorithm)
        let isToken = if case .jwt = algorithm { true } else { false }
        for (member, isWanted) in [
            ("content", !isToken && !algorithm.isSecretItself), ("encoding", !algorithm.hasOwnEncoding), ("claims", isToken),
            ("header", isToken),
        ] {
            if !isWanted, let one = json[member] { throw one.problem(.incompatible, "has no meaning with \(name); leave it out") }
        }
        if !isToken, !algorithm.isSecretItself {
            content = try VendorTemplate(try json.required("content"), .content)
            if content.words.isEmpty { throw try json.required("content").problem(.incompatible, "is the same for every request") }
        } else {
            content = VendorTemplate([])
        }
        encoding = try json.choice("encoding", BinaryText.self) ?? .hex
        claims =
            try json["claims"]?.members().map { (name, member) throws(InputProblem) in
                if case .string = member.value { return (name, .text(try VendorTemplate(member, .claim))) }
                return (name, .value(member.value))
            } ?? []
        tokenHeader = try json.templates("header", .claim)
        let place = try Self.place(try json.required("place"), algorithm)
        self.place = place
        repetition = try json["repeat"].map { (one) throws(InputProblem) in try Self.repetition(one, place) }
    }

    private static func place(_ json: PointedJSON, _ algorithm: VendorAlgorithm) throws(InputProblem) -> VendorDescription.Place {
        try json.expect(["header", "value", "json", "query"])
        if let name = try json.text("header") {
            try HeaderRules.check(name: name, value: "", field: "\(json.pointer)/header")
            guard let value = json["value"] else {
                let basic: [VendorTemplate.Piece] = algorithm == .basic ? [.literal(Array("Basic ".utf8))] : []
                return .header(name, VendorTemplate(basic + [.word(.signature)]))
            }
            let template = try VendorTemplate(value, .place)
            if template.words.count(where: { $0 == .signature }) != 1 { throw value.problem(.missing, "must hold {signature} once") }
            return .header(name, template)
        }
        if let value = json["value"] { throw value.problem(.incompatible, "belongs to a header") }
        if let pointer = json["json"] {
            let text = try pointer.string()
            guard let parsed = JSONPointer(text) else { throw pointer.problem(value: text, "must be a JSON Pointer, such as /signature") }
            return .json(parsed)
        }
        guard let name = try json.text("query") else { throw json.problem(.missing, "names no header, json or query") }
        return .query(name)
    }

    private static func repetition(
        _ json: PointedJSON,
        _ place: VendorDescription.Place
    ) throws(InputProblem) -> VendorDescription.Repetition {
        try json.expect(["value", "header"])
        guard case .header = place else { throw json.problem(.incompatible, "belongs to a header") }
        if let value = json["value"] {
            let template = try VendorTemplate(value, .repeated)
            guard template.holds(.signature), case .literal? = template.pieces.first else {
                throw value.problem("must begin with a separator and hold {signature}, such as \",v1={signature}\"")
            }
            return .joined(template)
        }
        let header = try json.required("header")
        let template = try VendorTemplate(header, .headerName)
        if !template.holds(.number) { throw header.problem(.missing, "must hold {n}, the key's number") }
        return .numbered(template)
    }
}
