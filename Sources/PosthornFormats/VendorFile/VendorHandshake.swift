package import PosthornModel
package import PosthornText

/// A vendor's question to a new URL, as its file describes it: how it is asked, and how a receiver answers.
package struct VendorHandshake: Sendable {
    /// The result of a question.
    package enum Outcome: Equatable, Sendable {
        case good
        /// What the answer lacks.
        case bad(String)
    }

    private let handshake: VendorDescription.Handshake
    /// How the vendor's requests are signed; without its own headers for events.
    private let vendor: FileVendor

    /// Whether it is signed wrongly on purpose, and to be refused.
    package var isWronglySigned: Bool { handshake.isWronglySigned }

    /// Whether it is signed as events are.
    package var isSigned: Bool { handshake.isSigned }

    /// The method it is asked by.
    package var method: RequestMethod { handshake.method }

    /// The questions of a vendor.
    package static func all(of vendor: FileVendor) -> [VendorHandshake] {
        vendor.file.description.handshakes.map { VendorHandshake(handshake: $0, vendor: vendor) }
    }

    /// The request that asks.
    /// - Parameter challenge: What is to come back.
    package func request(_ challenge: String, url: String, at now: Timestamp) throws(InputProblem) -> OutboundRequest {
        var rendering = VendorRendering(try VendorKeys(vendor.file.description, vendor.credentials, isSending: true))
        (rendering.challenge, rendering.moment) = (Array(challenge.utf8), now)
        var request = OutboundRequest()
        for (name, template) in handshake.query {
            FormEncoding.append(name.utf8, rendering.text(template, body: []), to: &request.query)
        }
        let body = handshake.body.map { rendering.text($0, body: []) } ?? []
        if handshake.method == .get {
            request.addHeader("user-agent", PosthornVersion.userAgent.utf8)
            return request
        }
        guard handshake.isSigned || handshake.isWronglySigned else {
            request.addHeader("content-type", "application/json".utf8)
            request.addHeader("user-agent", PosthornVersion.userAgent.utf8)
            request.body = body
            return request
        }
        let composer = try vendor.composer(url: url, isSpoiled: handshake.isWronglySigned)
        let query = request.query
        try composer.compose(body: body, id: challenge, at: now, into: &request)
        request.query = query
        return request
    }

    /// Judges what came back.
    package func judge(_ challenge: String, status: Int, body: [UInt8]) -> Outcome {
        let wanted =
            handshake.status.lowerBound == handshake.status.upperBound
            ? "\(handshake.status.lowerBound)" : "\(handshake.status.lowerBound / 100)XX"
        guard handshake.status.contains(status) else { return .bad("\(status) instead of \(wanted)") }
        guard let answer = answer(challenge) else { return .good }
        let given = handshake.answerPointer.map { $0.text(in: body) ?? [] } ?? body
        return given == answer ? .good : .bad("another answer than the vendor waits for")
    }

    private func answer(_ challenge: String) -> [UInt8]? {
        handshake.answer.map { template in
            template.pieces.flatMap { piece -> [UInt8] in
                if case .literal(let bytes) = piece { bytes } else { Array(challenge.utf8) }
            }
        }
    }

    /// What a good receiver answers to a request, if that is this question: `nil` if it is none.
    package func answer(method: String, query: [(name: String, value: String)], body: [UInt8]) -> (body: [UInt8], isJSON: Bool)? {
        guard method == handshake.method.rawValue, !handshake.isWronglySigned else { return nil }
        var challenge: String?
        for (name, template) in handshake.query {
            guard let value = query.first(where: { $0.name == name })?.value, let found = template.match(Array(value.utf8)) else {
                return nil
            }
            if let word = found.first(where: { $0.word == .challenge }) { challenge = String(decoding: word.bytes, as: UTF8.self) }
        }
        if let template = handshake.body {
            guard let found = template.match(body)?.first(where: { $0.word == .challenge }) else { return nil }
            challenge = String(decoding: found.bytes, as: UTF8.self)
        }
        guard let challenge, let answer = answer(challenge) else { return nil }
        guard let pointer = handshake.answerPointer else { return (answer, false) }
        let text = String(decoding: answer, as: UTF8.self)
        let value: JSONValue = Int64(text).map { .number(String($0)) } ?? .string(text)
        return (Array(JSONValue.object([.init(pointer.last, value)]).text.utf8), true)
    }
}
