package import PosthornModel
package import PosthornText

/// The receiving side of a vendor whose format a file describes.
package struct VendorVerifier: Sendable {
    /// What a receiver knows of a request.
    package struct Request: Sendable {
        /// The method.
        package var method: String
        /// The whole URL that was called, with the query.
        package var url: String
        /// The headers in any case.
        package var headers: [(name: String, value: String)]
        /// The body, byte for byte.
        package var body: [UInt8]

        /// A request as a server hands it over.
        package init(method: String = "POST", url: String = "", headers: [(name: String, value: String)], body: [UInt8]) {
            (self.method, self.url, self.headers, self.body) = (method, url, headers, body)
        }

        func values(_ name: String) -> [String] { headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value) }

        /// The value of a header that must be there once.
        func header(_ name: String) throws(InputProblem) -> [UInt8] {
            let values = values(name)
            guard let first = values.first else { throw InputProblem(.missing, field: name, reason: "is missing") }
            if values.count > 1 { throw InputProblem(field: name, reason: "occurs \(values.count) times") }
            return Array(first.utf8)
        }
    }

    private let description: VendorDescription
    private let signers: [VendorSigner]
    private let keys: VendorKeys

    /// - Parameters:
    ///   - description: How the vendor signs.
    ///   - credentials: Keys and settings by the names that the file gives them; of key pairs either half.
    package init(_ description: VendorDescription, credentials: [String: String]) throws(InputProblem) {
        try self.init(description, credentials) { _ in true }
    }

    /// - Parameter wanted: Which signatures are checked.
    init(
        _ description: VendorDescription,
        _ credentials: [String: String],
        wanted: (VendorDescription.Signature) -> Bool
    ) throws(InputProblem) {
        self.description = description
        keys = try VendorKeys(description, credentials, isSending: false, wanted: wanted)
        signers = zip(description.signatures, keys.keys).filter { wanted($0.0) }.map { VendorSigner(signature: $0, keys: $1) }
    }

    /// Judges a request: each signature must fit.
    /// - Parameter now: What signed moments are held against; `nil` for a request of any age.
    package func verify(_ request: Request, now: Timestamp?) -> SignatureVerifier.Verdict {
        if signers.isEmpty { return .unsigned }
        do throws(InputProblem) {
            var rendering = try rendering(of: request)
            for signer in signers { try check(signer, request, &rendering) }
            if let now, let tolerance = description.toleranceSeconds { try checkAge(rendering, request, now, Int64(tolerance)) }
            return .genuine
        } catch {
            return .refused(error)
        }
    }

    private func rendering(of request: Request) throws(InputProblem) -> VendorRendering {
        var rendering = VendorRendering(keys)
        rendering.method = request.method
        rendering.url = Array(request.url.utf8)
        rendering.header = { name in request.values(name).first.map { Array($0.utf8) } ?? [] }
        for (name, template) in description.headers where template.words.contains(where: \.isOfSender) {
            try Self.take(template.match(try request.header(name)), name, &rendering)
        }
        for (pointer, template) in description.fills where template.words.contains(where: \.isOfSender) {
            guard let text = pointer.text(in: request.body) else { continue }
            try Self.take(template.match(text), pointer.text, &rendering)
        }
        return rendering
    }

    private static func take(
        _ found: [(word: VendorWord, bytes: [UInt8])]?,
        _ name: String,
        _ rendering: inout VendorRendering
    ) throws(InputProblem) {
        guard let found else { throw InputProblem(field: name, reason: "does not have the form that the vendor file names") }
        for (word, bytes) in found { rendering.found[word] = bytes }
    }

    private func check(_ signer: VendorSigner, _ request: Request, _ rendering: inout VendorRendering) throws(InputProblem) {
        let (name, texts) = try signatures(of: signer, request, &rendering)
        for text in texts where try signer.isGenuine(text, rendering, body: request.body) {
            for (form, moment) in signer.moments(inToken: text) { rendering.found[.timestamp(form)] = moment }
            return
        }
        throw InputProblem(.mismatch, field: name, reason: "does not match")
    }

    /// Where a signature lies, and its text: several while the sender rotates.
    private func signatures(
        of signer: VendorSigner,
        _ request: Request,
        _ rendering: inout VendorRendering
    ) throws(InputProblem) -> (name: String, texts: [[UInt8]]) {
        switch signer.signature.place {
        case .header(let name, let template):
            var values = [try request.header(name)]
            var following: VendorTemplate?
            switch signer.signature.repetition {
            case .joined(let template)?: following = template
            case .numbered(let header)?:
                let beginning = header.pieces.first.flatMap {
                    if case .literal(let bytes) = $0 { String(decoding: bytes, as: UTF8.self) } else { nil }
                }
                let further = request.headers.filter {
                    $0.name.lowercased() != name.lowercased() && $0.name.lowercased().hasPrefix((beginning ?? "").lowercased())
                }
                values += further.map { Array($0.value.utf8) }
            case nil: break
            }
            var texts: [[UInt8]] = []
            for value in values {
                let found = template.match(value, following: following)
                try Self.take(found, name, &rendering)
                texts += (found ?? []).filter { $0.word == .signature }.map(\.bytes)
            }
            return (name, texts)
        case .json(let pointer):
            guard let text = pointer.text(in: request.body) else {
                throw InputProblem(.missing, field: pointer.text, reason: "is missing in the body")
            }
            return (pointer.text, [text])
        case .query(let name):
            let query = request.url.utf8.split(separator: UInt8(ascii: "?"), maxSplits: 1).dropFirst().first.map(Array.init) ?? []
            let texts = FormEncoding.pairs(query).filter { $0.name.elementsEqual(name.utf8) }.map(\.value)
            if texts.isEmpty { throw InputProblem(.missing, field: name, reason: "is missing in the query") }
            return (name, texts)
        }
    }

    private func checkAge(
        _ rendering: VendorRendering,
        _ request: Request,
        _ now: Timestamp,
        _ toleranceSeconds: Int64
    ) throws(InputProblem) {
        for (word, bytes) in rendering.found {
            guard case .timestamp(let form) = word else { continue }
            let text = String(decoding: bytes, as: UTF8.self)
            let moment: Int64?
            switch form {
            case .seconds: moment = Int64(text).flatMap { $0.multipliedReportingOverflow(by: 1000).overflow ? nil : $0 * 1000 }
            case .milliseconds: moment = Int64(text)
            case .iso, .isoSeconds: moment = Timestamp(iso8601: text)?.milliseconds
            }
            guard let moment else { throw InputProblem(field: "timestamp", value: text, reason: "is no moment") }
            let (difference, overflow) = moment.subtractingReportingOverflow(now.milliseconds)
            if overflow || difference.magnitude > UInt64(toleranceSeconds) * 1000 {
                throw InputProblem(
                    .outOfRange,
                    field: "timestamp",
                    value: text,
                    reason: "is more than \(toleranceSeconds) s from the receiver's clock"
                )
            }
        }
    }
}
