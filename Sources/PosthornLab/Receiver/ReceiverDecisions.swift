import PosthornFormats
import PosthornText
public import PosthornHTTP
import PosthornModel

/// What a receiver answers to what: pure decisions over its memory, without a socket or a clock.
public struct ReceiverDecisions: Sendable {
    /// What came, and the answer to it.
    public struct Decision: Sendable {
        /// What came.
        public let arrival: ReceivedRequest
        /// The answer, to be given after `arrival.delayMilliseconds`.
        public let response: HTTPResponse
        /// The event whose acceptance is to be noted once the answer has gone out; `nil` when there is none, or it is noted.
        let accepts: UInt64?
    }

    /// What has been counted so far.
    public private(set) var counts = ReceiverCounts()
    private let configuration: ReceiverConfiguration
    private var memory: EventMemory
    private var limiter: RateLimiter?
    private var recording: RecordedAnswers?
    private var number = 0

    /// No request has come yet.
    public init(_ configuration: ReceiverConfiguration) {
        self.configuration = configuration
        memory = EventMemory(limit: configuration.memoryLimit)
        recording = configuration.recording
    }

    /// A request read as far as can be without the memory, so that it happens outside the receiver's lock.
    struct Reading {
        let kind: ReceivedRequest.Kind
        let identity: EventIdentity?
        let verdict: ReceiverVerdict
        /// What a vendor's question is answered.
        var answer: (body: [UInt8], isJSON: Bool)?
    }

    /// Reads a request of a receiver that may be several vendors', each at its path.
    static func read(
        _ request: HTTPRequest,
        _ configuration: ReceiverConfiguration,
        check: (HTTPRequest) -> ReceiverVerdict
    ) -> Reading {
        if let hook = configuration.hooks[request.path] {
            return read(request, hook.identity, handshakes: hook.handshakes, check: hook.check)
        }
        return read(request, configuration.identity, handshakes: configuration.handshakes, check: check)
    }

    /// Reads a request.
    static func read(
        _ request: HTTPRequest,
        _ rule: IdentityRule,
        handshakes: [VendorHandshake] = [],
        check: (HTTPRequest) -> ReceiverVerdict
    ) -> Reading {
        let query = handshakes.isEmpty ? [] : request.query.map { (name: $0.name, value: $0.value) }
        for handshake in handshakes {
            guard let answer = handshake.answer(method: request.method, query: query, body: request.body) else { continue }
            let verdict = handshake.isSigned ? check(request) : .unchecked
            return Reading(kind: .validation, identity: nil, verdict: verdict, answer: answer)
        }
        let kind = kind(of: request)
        guard kind == .event else {
            return Reading(kind: kind, identity: nil, verdict: kind == .valueRequest ? check(request) : .unchecked)
        }
        return Reading(kind: kind, identity: rule.identify(request), verdict: check(request))
    }

    /// Whether it is an event: anything that carries a body or is no GET, and a GET with a query (Voiso's Call Notify)
    /// unless the query asks for something.
    static func kind(of request: HTTPRequest) -> ReceivedRequest.Kind {
        guard request.method == "GET" || request.method == "HEAD", request.body.isEmpty else { return .event }
        let names = request.query.map(\.name)
        if names.isEmpty { return .greeting }
        if names.contains("echo_string") { return .validation }
        if names.contains("param1"), names.contains("customerUID") || names.contains("outboundChannelAddress") {
            return .valueRequest
        }
        return .event
    }

    /// What this receiver would answer, before it is known what becomes of the request.
    struct Draft: Sendable {
        let number: Int
        let time: Timestamp
        fileprivate let reading: Reading
        fileprivate let times: Int
        fileprivate var response: HTTPResponse
        fileprivate var timesProcessed = 1
        fileprivate var delayMilliseconds: Int
        /// Whether it is taken as it came, by no rule, fault or recording of this receiver's own: then a relay passes it on.
        fileprivate(set) var isTaken = false

        /// How often a relay passes it on.
        var timesPassedOn: Int { max(1, timesProcessed) }
    }

    /// Decides what a request is answered.
    mutating func decide(_ request: HTTPRequest, _ reading: Reading, at now: Timestamp) -> Decision {
        settle(draft(request, reading, at: now), request)
    }

    /// Counts a request and says what it would be answered here.
    mutating func draft(_ request: HTTPRequest, _ reading: Reading, at now: Timestamp) -> Draft {
        number += 1
        let times = reading.identity.map { memory.note($0.key).times }
        var draft = Draft(
            number: number,
            time: now,
            reading: reading,
            times: times ?? 0,
            response: answer(request, reading, attempt: times ?? 0, at: now),
            delayMilliseconds: configuration.misbehaviour.delayMilliseconds
        )
        if reading.kind == .event, recording != nil {
            (draft.response, draft.delayMilliseconds, draft.timesProcessed) = recorded(request, reading)
        } else if draft.response.status == 200, let rule = rule(request, reading, attempt: times ?? number, at: now) {
            draft.response = Self.answer(rule)
            draft.delayMilliseconds += rule.delayMilliseconds
            draft.timesProcessed = rule.timesProcessed
            draft.isTaken = rule.status == 200 && rule.body == nil && rule.timesProcessed > 0
        } else if reading.kind == .greeting || reading.kind == .validation {
            draft.delayMilliseconds = 0
            draft.isTaken = draft.response.status == 200
        } else if draft.response.status == 200, let fault = fault(reading, attempt: times ?? number) {
            switch fault {
            case .status(let status): draft.response = .text("failing on request\n", status: status)
            case .hangUp: draft.response = .hangUp
            case .delay(let milliseconds): draft.delayMilliseconds += milliseconds
            case .lose: draft.timesProcessed = 0
            case .twice: draft.timesProcessed = 2
            }
            draft.isTaken = draft.response.status == 200 && draft.timesProcessed > 0
        } else {
            draft.isTaken = draft.response.status == 200
        }
        return draft
    }

    /// Writes down what became of a request.
    /// - Parameter relayed: What the receiver answered that it was passed on to; `nil` for what is answered here.
    mutating func settle(_ draft: Draft, _ request: HTTPRequest, relayed: HTTPResponse? = nil) -> Decision {
        let reading = draft.reading
        let response = relayed ?? draft.response
        // As it is now: the same event may have been taken while this one was passed on.
        let known = reading.identity.flatMap { memory[$0.key] }
        let isNew = reading.kind == .event && response.status == 200 && known?.wasTaken == false
        let arrival = ReceivedRequest(
            number: draft.number,
            time: draft.time,
            kind: reading.kind,
            method: request.method,
            path: request.path,
            remoteAddress: request.remoteAddress,
            identity: reading.identity,
            bodyBytes: request.body.count,
            verdict: reading.verdict,
            times: draft.times,
            isDuplicate: known?.wasAccepted ?? false,
            isNew: isNew,
            timesProcessed: isNew ? draft.timesProcessed : 0,
            status: response.isHangUp ? nil : response.status,
            delayMilliseconds: draft.delayMilliseconds
        )
        let taken = arrival.status == 200 ? reading.identity?.key : nil
        if let taken { memory.take(taken) }
        if let taken, draft.delayMilliseconds == 0 { memory.accept(taken) }
        counts.add(arrival)
        return Decision(arrival: arrival, response: response, accepts: draft.delayMilliseconds == 0 ? nil : taken)
    }

    /// The answer to an event has gone out after its delay: another coming of it is a duplicate from now on.
    mutating func answered(_ key: UInt64) { memory.accept(key) }

    /// What was answered to the same request when it was recorded.
    private mutating func recorded(_ request: HTTPRequest, _ reading: Reading) -> (HTTPResponse, delay: Int, timesProcessed: Int) {
        guard let answer = recording?.next(request, reading.identity) else {
            return (.text("this request is not in the recording\n", status: 404), 0, 0)
        }
        let response = answer.status.map { HTTPResponse.text("as it was recorded\n", status: $0) } ?? .hangUp
        return (response, answer.delayMilliseconds, answer.timesProcessed)
    }

    private func rule(_ request: HTTPRequest, _ reading: Reading, attempt: Int, at now: Timestamp) -> BehaviourRules.Rule? {
        guard reading.kind == .event else { return nil }
        return configuration.rules?.rule(
            path: request.path,
            type: reading.identity?.type,
            attempt: attempt,
            elapsedMilliseconds: now.milliseconds - configuration.began.milliseconds,
            key: reading.identity?.key ?? 0
        )
    }

    private static func answer(_ rule: BehaviourRules.Rule) -> HTTPResponse {
        guard let status = rule.status else { return .hangUp }
        var response = HTTPResponse.text(rule.body ?? (status == 200 ? "ok\n" : "answering by a rule\n"), status: status)
        if let seconds = rule.retryAfterSeconds { response.headers.append("Retry-After", String(seconds)) }
        return response
    }

    private func fault(_ reading: Reading, attempt: Int) -> Misbehaviour.FaultKind? {
        configuration.misbehaviour.fault(of: reading.identity?.key ?? 0, attempt: attempt)
    }

    private mutating func answer(
        _ request: HTTPRequest,
        _ reading: Reading,
        attempt: Int,
        at now: Timestamp
    ) -> HTTPResponse {
        switch reading.kind {
        case .greeting: return .text("Posthorn's receiver is up. Send webhooks here; each one shows in its terminal.\n")
        case .validation:
            guard let answer = reading.answer else { return .text(request.queryValue("echo_string") ?? "") }
            if case .invalid = reading.verdict, let status = configuration.badSignatureStatus {
                return .text("the signature is not right\n", status: status)
            }
            return answer.isJSON ? .json(answer.body) : .text(String(decoding: answer.body, as: UTF8.self))
        case .event, .valueRequest: break
        }
        if !configuration.hooks.isEmpty, configuration.hooks[request.path] == nil {
            return .text("there is no such path here\n", status: 404)
        }
        if let seconds = secondsToWait(at: now) {
            var response = HTTPResponse.text("too many requests\n", status: 429)
            response.headers.append("Retry-After", String(seconds))
            return response
        }
        if case .invalid = reading.verdict, let status = configuration.badSignatureStatus {
            return .text("the signature is not right\n", status: status)
        }
        if reading.kind == .event, attempt <= configuration.misbehaviour.failFirst {
            return .text("failing on request\n", status: 500)
        }
        if configuration.misbehaviour.status != 200 {
            return .text("answering on request\n", status: configuration.misbehaviour.status)
        }
        return reading.kind == .event ? .text("ok\n") : values(for: request)
    }

    /// How long a request over the rate is to wait; `nil` when it may come in.
    private mutating func secondsToWait(at now: Timestamp) -> Int? {
        guard let rate = configuration.misbehaviour.rateLimitPerSecond else { return nil }
        var limiter = self.limiter ?? RateLimiter(perSecond: rate, atMilliseconds: now.milliseconds)
        defer { self.limiter = limiter }
        return limiter.refuse(atMilliseconds: now.milliseconds)
    }

    /// The values that were asked for and are known; the asker says what it misses.
    private func values(for request: HTTPRequest) -> HTTPResponse {
        let names = request.query.filter { Self.isParameter($0.name) }.map(\.value)
        var seen: Set<String> = []
        let members = names.compactMap { name in
            seen.insert(name).inserted ? configuration.values[name].map { JSONValue.Member(name, $0) } : nil
        }
        return .json(Array(JSONValue.object(members).text.utf8))
    }

    private static func isParameter(_ name: String) -> Bool {
        name.hasPrefix("param") && name.utf8.count > 5 && name.utf8.dropFirst(5).allSatisfy { (0x30...0x39).contains($0) }
    }
}
