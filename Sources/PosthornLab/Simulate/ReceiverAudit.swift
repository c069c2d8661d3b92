public import PosthornModel
import PosthornText
public import PosthornSending
import PosthornFormats
import PosthornSystem

/// Tries a receiver with a catalogue of cases, one request after the other, each as its vendor would send it.
public struct ReceiverAudit: Sendable {
    private let settings: EndpointSettings
    private let url: EndpointURL
    private let egress: EgressGuard
    private let caFile: String?
    private let right: EndpointComposer
    private let wrong: EndpointComposer?
    private let unsigned: EndpointComposer?
    private let pool: EventPool
    private let idSeed: UInt64
    /// When the event that is sent twice happened.
    private let began: Timestamp

    private static let hourMilliseconds: Int64 = 3_600_000
    private static let bigBytes = 1 << 20

    /// - Parameters:
    ///   - settings: The receiver: format and credentials.
    ///   - url: Where it is.
    ///   - vendor: Whose events it gets.
    ///   - guard: Which addresses may be reached.
    ///   - caFile: A PEM file of certificate authorities instead of the system's.
    ///   - seed: Where events come from; with another one the receiver sees other ids.
    /// - Throws: What is wrong with the credentials.
    public init(
        _ settings: EndpointSettings,
        url: EndpointURL,
        vendor: ScenarioVendor,
        guard: EgressGuard,
        caFile: String?,
        seed: UInt64
    ) throws(InputProblem) {
        self.settings = settings
        self.url = url
        egress = `guard`
        self.caFile = caFile
        let now = SystemClock().now()
        right = try EndpointComposer(settings, now: now)
        let isSigned = settings.signature != .none
        wrong = isSigned ? try EndpointComposer(try WrongCredentials.of(settings, at: now), now: now) : nil
        unsigned = isSigned ? try EndpointComposer(Self.withoutSignature(settings), now: now) : nil
        let settings = settings
        pool = try EventPool(vendor, seed: seed, at: now, size: 64) { LoadContent.fits($0, settings) }
        idSeed = seed
        began = now
    }

    static func withoutSignature(_ settings: EndpointSettings) -> EndpointSettings {
        var plain = settings
        plain.signature = .none
        let kept = settings.envelope == .voiso ? ["name", "entity"] : []
        plain.credentials = settings.credentials.filter { kept.contains($0.key) }
        return plain
    }

    /// Tries every case.
    /// - Parameter tell: Is told of each as soon as it is known.
    /// - Throws: Why the receiver cannot be reached, when the first request finds no connection: there is nothing to judge then.
    public func run(_ tell: (AuditResult) -> Void) throws(SingleRequestProblem) {
        var hasSent = false
        for one in AuditCase.allCases {
            do throws(SingleRequestProblem) {
                let result = try result(of: one)
                if result.verdict != .skipped { hasSent = true }
                tell(result)
            } catch {
                if !hasSent, Self.leavesNothingToJudge(error.error) { throw error }
                hasSent = true
                tell(AuditResult(one, .bad, error.description))
            }
        }
    }

    /// Whether an error says that no request has reached a receiver.
    static func leavesNothingToJudge(_ error: AttemptError) -> Bool {
        switch error {
        case .connect, .dns, .tls, .refusedAddress, .resources: return true
        case .status, .timeout, .closed, .badResponse, .headersTooLarge, .unbuildable, .other: return false
        }
    }

    /// What results as a whole say besides; `nil` when they say nothing more.
    public static func advice(_ results: [AuditResult]) -> String? {
        guard let good = results.first(where: { $0.case == .good }), let status = good.status, (400..<500).contains(status)
        else { return nil }
        return "the good request was refused with \(status): check the URL's path, VENDOR and --credential; until it is taken, refusals of "
            + "other cases show nothing"
    }

    private func result(of one: AuditCase) throws(SingleRequestProblem) -> AuditResult {
        if one == .handshake { return try handshake() }
        guard let request = request(for: one) else { return AuditResult(one, .skipped, "not in this format") }
        let status = try send(request).status
        return AuditResult(one, one.judge(status), status: status)
    }

    private func handshake() throws(SingleRequestProblem) -> AuditResult {
        guard settings.needsValidation else { return AuditResult(.handshake, .skipped, "not in this format") }
        let handshake = DiioHandshake()
        var request = OutboundRequest()
        right.composeQuery(handshake.query, into: &request)
        let answer = try send(request, method: .get)
        do {
            try handshake.judge(status: answer.status, body: answer.body)
            return AuditResult(.handshake, .good, status: answer.status)
        } catch {
            return AuditResult(.handshake, .bad, "\(error)")
        }
    }

    private func send(_ request: OutboundRequest, method: RequestMethod? = nil) throws(SingleRequestProblem) -> SingleResponse {
        try SingleRequest.perform(
            url,
            method: method ?? settings.method,
            query: request.query,
            headers: request.headers,
            body: request.body,
            timeoutMilliseconds: settings.timeoutMilliseconds,
            guard: egress,
            caFile: caFile
        )
    }

    /// The request of a case; `nil` where the format has none.
    private func request(for one: AuditCase) -> OutboundRequest? {
        let now = SystemClock().now()
        let anHourAgo = now.advanced(byMilliseconds: -Self.hourMilliseconds)
        let isPost = settings.method == .post
        switch one {
        case .handshake: return nil
        case .good, .duplicate: return compose(right, event(.good, at: began), now)
        case .wrongSignature: return wrong.flatMap { compose($0, event(one, at: now), now) }
        case .noSignature: return unsigned.flatMap { compose($0, event(one, at: now), now) }
        case .oldTimestamp:
            guard settings.signsTime else { return nil }
            return compose(right, event(one, at: anHourAgo), anHourAgo)
        case .unknownType:
            // A query does not carry the type.
            return isPost ? compose(right, event(one, at: now, type: "something_new"), now) : nil
        case .unknownField: return compose(right, event(one, at: now, adding: #""new_in_version_2":"ä""#), now)
        case .bigBody:
            let padding = String(repeating: "x", count: Self.bigBytes)
            return isPost ? compose(right, event(one, at: now, adding: "\"padding\":\"\(padding)\""), now) : nil
        case .wrongContentType:
            guard isPost, var request = compose(right, event(one, at: now), now) else { return nil }
            request.headers = Self.replacing("application/json", by: "text/plain", in: request.headers)
            return request
        // Rightly signed, so that it is the JSON that a receiver judges: it lacks its last bracket and nothing that proves the sender.
        case .brokenJSON: return isPost ? compose(right, event(one, at: now), now) { $0.removeLast() } : nil
        }
    }

    private func compose(
        _ composer: EndpointComposer,
        _ event: Event,
        _ moment: Timestamp,
        changingBody change: ((inout [UInt8]) -> Void)? = nil
    ) -> OutboundRequest? {
        var request = OutboundRequest()
        do throws(InputProblem) {
            try composer.compose(AcceptedEvent(event), attempt: 1, at: moment, changingBody: change, into: &request)
            return request
        } catch {
            return nil
        }
    }

    /// The event of a case: the same each time it is asked for, another one for each case and seed.
    private func event(_ one: AuditCase, at created: Timestamp, type: String? = nil, adding member: String? = nil) -> Event {
        let place = UInt64(AuditCase.allCases.firstIndex(of: one) ?? 0)
        var random = SeededGenerator(seed: idSeed, one.rawValue)
        let event = pool.event(
            idSeed % 100_000_000 * 100 + place,
            id: EventID.make(at: created, random: random.next()),
            created: created
        )
        var data = event.data
        if let member { data.insert(contentsOf: Array("\(member)\(data.count > 2 ? "," : "")".utf8), at: 1) }
        return Event(id: event.id, type: type ?? event.type, node: event.node, created: event.created, data: data)
    }

    private static func replacing(_ old: String, by new: String, in bytes: [UInt8]) -> [UInt8] {
        guard let place = bytes.firstRange(of: Array(old.utf8)) else { return bytes }
        return Array(bytes[..<place.lowerBound]) + Array(new.utf8) + Array(bytes[place.upperBound...])
    }
}
