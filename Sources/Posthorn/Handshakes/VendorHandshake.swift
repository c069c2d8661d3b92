import PosthornModel
import PosthornSystem
import PosthornSending
import PosthornFormats
import PosthornText

/// A vendor's question to a new URL, whether it knows of the webhook: one guarded GET.
struct VendorHandshake: Sendable {
    /// Which addresses may be reached.
    let `guard`: EgressGuard
    /// Certificate authorities instead of the system's.
    let caFile: String?
    /// Answers in place of a socket, in tests, and says when.
    var transport: (answer: HandshakeTransport, clock: any PosthornClock)?

    /// What is read of the answer; a right one has 32 bytes.
    private static let answerLimitBytes = 256

    /// Asks an endpoint's URL.
    /// - Returns: Why it has not proved itself; `nil` when it has.
    func failure(of settings: EndpointSettings, _ composer: Result<EndpointComposer, InputProblem>) -> HandshakeFailure? {
        do {
            let handshake = DiioHandshake()
            var request = OutboundRequest()
            try composer.get().composeQuery(handshake.query, into: &request)
            if let transport { return try failure(of: settings, handshake, request, transport.answer, transport.clock.now()) }
            let answer = try SingleRequest.perform(
                EndpointURL(settings.url),
                query: request.query,
                headers: request.headers,
                clientCertificate: request.clientCertificate,
                timeoutMilliseconds: settings.timeoutMilliseconds,
                bodyLimitBytes: Self.answerLimitBytes,
                guard: `guard`,
                caFile: caFile
            )
            try handshake.judge(status: answer.status, body: answer.body)
            // More than was read came after the value.
            return answer.isTruncated ? HandshakeFailure(text: "handshake: was answered with a longer text") : nil
        } catch let problem as SingleRequestProblem {
            return HandshakeFailure(text: "handshake: \(problem)", error: problem.error)
        } catch {
            return HandshakeFailure(text: "\(error)")
        }
    }

    private func failure(
        of settings: EndpointSettings,
        _ handshake: DiioHandshake,
        _ request: OutboundRequest,
        _ transport: HandshakeTransport,
        _ now: Timestamp
    ) throws -> HandshakeFailure? {
        let question = CarriedQuestion(
            endpoint: settings.id,
            url: request.url(at: try EndpointURL(settings.url).text),
            headers: request.headerList,
            expected: handshake.value,
            time: now
        )
        switch transport(question) {
        case .status(let status, let body): try handshake.judge(status: status, body: body)
        case .failure(let error): return HandshakeFailure(text: "handshake: as the test has it", error: error)
        }
        return nil
    }
}

/// Why an endpoint has not proved itself.
struct HandshakeFailure: Sendable {
    /// For people.
    let text: String
    /// The class of the failure, when no answer came.
    var error: AttemptError?
}
