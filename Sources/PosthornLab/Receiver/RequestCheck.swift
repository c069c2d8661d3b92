public import PosthornHTTP
public import PosthornModel
import PosthornFormats
public import PosthornSystem

/// Checks the signatures of requests with an endpoint's credentials: what a ``Receiver`` is given as its check.
public struct RequestCheck: Sendable {
    private let ofBodies: [SignatureVerifier]
    /// Voiso's Call Notify may come as a GET, whose key cannot stand in a body.
    private let ofQueries: [SignatureVerifier]
    /// Whether the sender may be set to either method; else it is set to POST, whose body has the key.
    private let takesQueries: Bool
    private let clock: any PosthornClock

    /// - Parameters:
    ///   - settings: Envelope, signature and credentials.
    ///   - nextSecret: A secret that the sender may change over to: what is genuine with either is genuine.
    ///   - knowsMethod: Whether `settings` say by which method Voiso calls; else it may be either.
    ///   - clock: What signed times are held against.
    /// - Throws: What is wrong with the credentials, or with the second secret.
    public init(
        _ settings: EndpointSettings,
        nextSecret: String? = nil,
        knowsMethod: Bool = false,
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
        takesQueries = settings.envelope != .voiso || !knowsMethod || settings.method == .get
        self.clock = clock
    }

    /// Judges a request.
    public func verdict(_ request: HTTPRequest) -> ReceiverVerdict {
        let isQuery = request.method == "GET"
        if isQuery, !takesQueries { return .invalid("a GET, which carries no key, though the endpoint's method is POST") }
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
            case .unsigned: return .unsigned("Voiso's GET carries no key")
            // What is wrong by the newest secret says the most.
            case .refused(let problem): refusal = .invalid(problem.description)
            }
        }
        return refusal
    }
}
