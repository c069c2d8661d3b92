import PosthornModel
import PosthornText

extension HMACTemplate: SignatureCheck {
    func isGenuine(
        _ request: SignatureVerifier.Request,
        _ verifier: SignatureVerifier,
        _ now: Timestamp
    ) throws(InputProblem) -> Bool {
        guard let found = placeholders(of: Array(try request.header(header).utf8)) else {
            throw InputProblem(field: header, reason: "does not have the expected form")
        }
        func first(_ placeholder: Template.Placeholder) -> [UInt8]? { found.first { $0.placeholder == placeholder }?.bytes }
        var timestamp = first(.timestamp)
        if timestamp == nil, let timestampHeader { timestamp = Array(try request.header(timestampHeader).utf8) }
        var id = first(.id)
        if id == nil, let idHeader { id = Array(try request.header(idHeader).utf8) }
        if id == nil, content.holds(.id), verifier.settings.envelope == .weseedo {
            let received = try request.event(.weseedo)
            id = received.id.map { Array($0.utf8) }
        }
        let sent = found.filter { $0.placeholder == .signature }.compactMap {
            encoding == .hex ? Hex.decode($0.bytes) : Base64.decode($0.bytes)
        }
        var fits = false
        for key in [key] + previous.filter({ $0.validUntil > now }).map(\.key) {
            let code = try code(key, id: id ?? [], timestamp: timestamp ?? [], body: request.body).withBytes { Array($0) }
            for signature in sent where ConstantTime.equal(code, signature) { fits = true }
        }
        guard fits else { throw InputProblem(.mismatch, field: header, reason: "does not match") }
        if content.holds(.timestamp), let timestamp {
            try verifier.checkTimestamp(String(decoding: timestamp, as: UTF8.self), name: timestampHeader ?? header, now: now)
        }
        return true
    }
}

extension HMACTemplate {
    /// What fills the placeholders of a header's value: that of one signature, or of one and those of replaced secrets behind it.
    fileprivate func placeholders(of text: [UInt8]) -> [(placeholder: Template.Placeholder, bytes: [UInt8])]? {
        // The most first: a signature at the end of a template takes in whatever follows.
        let most = previousValue == nil ? 0 : Credentials.previousSecretLimit
        return (0...most).reversed().lazy.compactMap { count in
            let others = Array(repeating: previousValue?.pieces ?? [], count: count).joined()
            return Template.match(value.pieces + others, text)
        }.first
    }
}

extension Template {
    /// What fills the placeholders of a text; `nil` when its literals do not fit. A placeholder ends where the next literal starts for the
    /// first time.
    static func match(_ pieces: [Piece], _ text: [UInt8]) -> [(placeholder: Placeholder, bytes: [UInt8])]? {
        var found: [(placeholder: Placeholder, bytes: [UInt8])] = []
        var rest = text[...]
        for (i, piece) in pieces.enumerated() {
            switch piece {
            case .literal(let bytes):
                guard rest.starts(with: bytes) else { return nil }
                rest = rest.dropFirst(bytes.count)
            case .placeholder(let placeholder):
                var end = rest.endIndex
                if i + 1 < pieces.count, case .literal(let next) = pieces[i + 1] {
                    guard let start = rest.indices.first(where: { rest[$0...].starts(with: next) }) else { return nil }
                    end = start
                }
                found.append((placeholder, Array(rest[..<end])))
                rest = rest[end...]
            }
        }
        return rest.isEmpty ? found : nil
    }
}
