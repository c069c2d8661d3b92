public import PosthornModel
public import PosthornSending
import PosthornSigning
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

    private static func withoutSignature(_ settings: EndpointSettings) -> EndpointSettings {
        var plain = settings
        plain.signature = .none
        let kept = settings.envelope == .voiso ? ["name", "entity"] : []
        plain.credentials = settings.credentials.filter { kept.contains($0.key) }
        return plain
    }

    /// Tries every case.
    /// - Parameter tell: Is told of each as soon as it is known.
    public func run(_ tell: (AuditResult) -> Void) {
        for one in AuditCase.allCases { tell(result(of: one)) }
    }

    private func result(of one: AuditCase) -> AuditResult {
        if one == .handshake { return handshake() }
        guard let request = request(for: one) else {
            return AuditResult(case: one, verdict: .skipped, answer: "not in this format")
        }
        do throws(SingleRequestProblem) {
            let status = try send(request).status
            return AuditResult(case: one, verdict: one.judge(status), answer: String(status))
        } catch {
            return AuditResult(case: one, verdict: .bad, answer: error.description)
        }
    }

    private func handshake() -> AuditResult {
        guard settings.needsValidation else {
            return AuditResult(case: .handshake, verdict: .skipped, answer: "not in this format")
        }
        let handshake = DiioHandshake()
        var request = OutboundRequest()
        right.composeQuery(handshake.query, into: &request)
        do {
            let answer = try send(request, method: .get)
            try handshake.judge(status: answer.status, body: answer.body)
            return AuditResult(case: .handshake, verdict: .good, answer: String(answer.status))
        } catch {
            return AuditResult(case: .handshake, verdict: .bad, answer: "\(error)")
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
        case .brokenJSON: return isPost ? broken(at: now) : nil
        }
    }

    /// A body that ends too early. Its signature is right where the signature covers no body.
    private func broken(at now: Timestamp) -> OutboundRequest? {
        guard var request = compose(right, event(.brokenJSON, at: now), now) else { return nil }
        request.body.removeLast(request.body.count / 2)
        return request
    }

    private func compose(_ composer: EndpointComposer, _ event: Event, _ moment: Timestamp) -> OutboundRequest? {
        var request = OutboundRequest()
        do throws(InputProblem) {
            try composer.compose(AcceptedEvent(event), attempt: 1, at: moment, into: &request)
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
