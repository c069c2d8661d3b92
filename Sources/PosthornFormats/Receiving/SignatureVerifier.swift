public import PosthornModel
public import PosthornText

/// The receiving side of each signature, for `posthorn receive`, the simulator and tests.
public struct SignatureVerifier: Sendable {
    /// What a receiver knows of a request.
    public struct Request: Sendable {
        /// The method.
        public var method: RequestMethod
        /// The query without `?`, as it came.
        public var query: [UInt8]
        /// The headers in any case.
        public var headers: [(name: String, value: String)]
        /// The body, byte for byte.
        public var body: [UInt8]

        /// A request as a server hands it over.
        public init(method: RequestMethod = .post, query: [UInt8] = [], headers: [(name: String, value: String)], body: [UInt8]) {
            self.method = method
            self.query = query
            self.headers = headers
            self.body = body
        }

        /// The event, as an envelope carries it.
        func event(_ envelope: Envelope) throws(InputProblem) -> ReceivedEvent {
            try EnvelopeReader.read(envelope, method: method, query: query, headers: headers, body: body)
        }

        /// The value of a header that must be there once.
        func header(_ name: String) throws(InputProblem) -> String {
            let values = headers.filter { $0.name.lowercased() == name.lowercased() }
            guard let first = values.first else { throw InputProblem(.missing, field: name, reason: "is missing") }
            if values.count > 1 { throw InputProblem(field: name, reason: "occurs \(values.count) times") }
            return first.value
        }
    }

    /// Whether a request comes from who holds the credentials.
    public enum Verdict: Equatable, Sendable {
        /// It does.
        case genuine
        /// This signature proves nothing, because there is none.
        case unsigned
        /// It does not, or not provably, and why. Holds no secret.
        case refused(InputProblem)
    }

    let settings: EndpointSettings
    private let check: any SignatureCheck
    let toleranceSeconds: Int64

    /// Receivers allow clocks to differ by five minutes, as Standard Webhooks' libraries do.
    public static let defaultToleranceSeconds: Int64 = 300

    /// - Parameters:
    ///   - settings: Envelope, signature and credentials. Standard Webhooks' `secret` may be a public key (`whpk_…`).
    ///   - toleranceSeconds: How far a signed timestamp may be from the receiver's clock.
    /// - Throws: What is wrong with the credentials.
    public init(_ settings: EndpointSettings, toleranceSeconds: Int64 = defaultToleranceSeconds) throws(InputProblem) {
        self.settings = settings
        self.toleranceSeconds = toleranceSeconds
        check = try settings.signature.format.check(settings, try CredentialReader(settings))
    }

    /// Judges a request.
    public func verify(_ request: Request, now: Timestamp) -> Verdict {
        do throws(InputProblem) {
            return try check.isGenuine(request, self, now) ? .genuine : .unsigned
        } catch {
            return .refused(error)
        }
    }

    /// Throws when a signed timestamp is no number or too far from now.
    func checkTimestamp(_ text: String, name: String, now: Timestamp) throws(InputProblem) {
        guard let seconds = Int64(text), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw InputProblem(field: name, value: text, reason: "is not whole Unix seconds")
        }
        let (difference, overflow) = seconds.subtractingReportingOverflow(now.unixSeconds)
        if overflow || difference.magnitude > toleranceSeconds.magnitude {
            throw InputProblem(
                .outOfRange,
                field: name,
                value: text,
                reason: "is more than \(toleranceSeconds) s from the receiver's clock"
            )
        }
    }
}
