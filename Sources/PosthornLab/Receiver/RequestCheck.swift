public import PosthornHTTP
public import PosthornModel
import PosthornFormats
public import PosthornSystem

/// Checks the signatures of requests with an endpoint's credentials: what a ``Receiver`` is given as its check.
public struct RequestCheck: Sendable {
    private let ofBodies: [SignatureVerifier]
    /// Voiso's Call Notify may come as a GET, whose key cannot stand in a body.
    private let ofQueries: [SignatureVerifier]
    private let clock: any PosthornClock

    /// - Parameters:
    ///   - settings: Envelope, signature and credentials.
    ///   - nextSecret: A secret that the sender may change over to: what is genuine with either is genuine.
    ///   - clock: What signed times are held against.
    /// - Throws: What is wrong with the credentials, or with the second secret.
    public init(
        _ settings: EndpointSettings,
        nextSecret: String? = nil,
        clock: any PosthornClock = SystemClock()
    ) throws(InputProblem) {
        var known = [settings]
        if let nextSecret {
            var next = settings
            next.credentials = try Credentials.rotated(settings, newSecret: nextSecret, at: clock.now()).credentials
            known.append(next)
        }
        var (ofBodies, ofQueries): ([SignatureVerifier], [SignatureVerifier]) = ([], [])
        for settings in known {
            ofBodies.append(try SignatureVerifier(settings))
            var asQuery = settings
            if settings.envelope == .voiso { asQuery.method = .get }
            ofQueries.append(try SignatureVerifier(asQuery))
        }
        (self.ofBodies, self.ofQueries) = (ofBodies, ofQueries)
        self.clock = clock
    }

    /// Judges a request.
    public func verdict(_ request: HTTPRequest) -> ReceiverVerdict {
        let isQuery = request.method == "GET"
        let received = SignatureVerifier.Request(
            method: isQuery ? .get : .post,
            query: Array((request.rawQuery ?? "").utf8),
            headers: request.headers.map { ($0.name, $0.value) },
            body: request.body
        )
        let (verifiers, now) = (isQuery ? ofQueries : ofBodies, clock.now())
        var refusal = ReceiverVerdict.unchecked
        for verifier in verifiers {
            switch verifier.verify(received, now: now) {
            case .genuine: return .valid
            case .unsigned: return .unchecked
            // What is wrong by the newest secret says the most.
            case .refused(let problem): refusal = .invalid(problem.description)
            }
        }
        return refusal
    }
}
