public import PosthornModel
import PosthornText
import PosthornStore
package import PosthornSending
import PosthornFormats
import PosthornSystem

/// A sample event that was sent to one endpoint, as it may be shown: secrets stand as `***`.
public struct EndpointTest: Sendable {
    /// POST or GET.
    public let method: RequestMethod
    /// Where it went, with what was added to the query.
    public let url: String
    /// What was sent, in order.
    public let headers: [EndpointSettings.Header]
    /// The body; empty for a GET.
    public let body: [UInt8]
    /// What came back, with the first KiB of the body; an error when nothing did. The attempt counts nowhere.
    public let outcome: AttemptOutcome
}

extension Outbox {
    /// Sends a sample event to one endpoint, now and outside of the outbox: nothing is stored, nobody else gets it.
    ///
    /// The endpoint's state does not matter, nor do its patterns: whoever tests a URL wants to see it called.
    ///
    /// - Parameters:
    ///   - id: The endpoint.
    ///   - type: The event's type; a usual one of the endpoint's format when `nil`.
    ///   - data: The event's data, one JSON object; a harmless one when `nil`.
    ///   - guard: Which addresses may be reached.
    ///   - caFile: A PEM file of certificate authorities instead of the system's.
    /// - Throws: `InputProblem` when there is no such endpoint, or its format cannot carry the event.
    package func test(
        endpoint id: String,
        type: String? = nil,
        data: [UInt8]? = nil,
        guard: EgressGuard,
        caFile: String? = nil
    ) throws -> EndpointTest {
        let settings = try endpointWithCredentials(id).settings
        let now = clock.now()
        let event = try Event(
            checking: makeEventID(at: now),
            type: type ?? settings.envelope.sampleType,
            node: settings.node,
            created: now,
            data: data ?? Self.sampleData
        )
        let composer = try EndpointComposer(settings, now: now)
        try composer.check(type: event.type, data: event.data)
        var request = OutboundRequest()
        try composer.compose(AcceptedEvent(event), attempt: 1, at: now, into: &request)
        let outcome = Self.send(request, try EndpointURL(settings.url), settings, at: now, `guard`, caFile)
        let redactor = SecretRedactor(settings, composer)
        let mask: ([UInt8]) -> [UInt8] = { redactor?.redacted($0, isCut: false) ?? $0 }
        return EndpointTest(
            method: settings.method,
            url: Self.shown(settings.url, query: request.query),
            headers: Self.lines(request.headers, fixed: settings.headers, mask),
            body: mask(request.body),
            outcome: redactor?.redacted(outcome) ?? outcome
        )
    }

    private static func send(
        _ request: OutboundRequest,
        _ url: EndpointURL,
        _ settings: EndpointSettings,
        at now: Timestamp,
        _ guard: EgressGuard,
        _ caFile: String?
    ) -> AttemptOutcome {
        let start = MonotonicClock.nanoseconds()
        func outcome(_ status: Int? = nil, _ error: AttemptError?, _ text: String, _ body: [UInt8] = [], _ address: String = "")
            -> AttemptOutcome
        {
            AttemptOutcome(
                started: now,
                durationMicroseconds: (MonotonicClock.nanoseconds() - start) / 1000,
                status: status,
                error: error,
                errorText: text,
                response: body,
                address: address
            )
        }
        do throws(SingleRequestProblem) {
            let answer = try SingleRequest.perform(
                url,
                method: settings.method,
                query: request.query,
                headers: request.headers,
                body: request.body,
                clientCertificate: request.clientCertificate,
                timeoutMilliseconds: settings.timeoutMilliseconds,
                bodyLimitBytes: AttemptOutcome.excerptLimitBytes,
                guard: `guard`,
                caFile: caFile
            )
            let isSuccess = answer.status == 200
            let body = Array(answer.body.prefix(AttemptOutcome.excerptLimitBytes))
            return outcome(answer.status, isSuccess ? nil : .status, isSuccess ? "" : "answered \(answer.status)", body, answer.address)
        } catch {
            return outcome(nil, error.error, error.text)
        }
    }

    private static func shown(_ url: String, query: [UInt8]) -> String {
        let masked = MaskedURL.text(url)
        if query.isEmpty { return masked }
        return masked + (masked.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + String(decoding: query, as: UTF8.self)
    }

    /// Headers that are the same for every endpoint, whatever text a secret is.
    private static let commonHeaders: Set<String> = ["content-type", "user-agent"]

    /// Header lines as pairs. The values of fixed headers are never shown: they may hold anything.
    private static func lines(
        _ headers: [UInt8],
        fixed: [EndpointSettings.Header],
        _ mask: ([UInt8]) -> [UInt8]
    ) -> [EndpointSettings.Header] {
        let hidden = Set(fixed.map { $0.name.lowercased() })
        return headers.split(separator: UInt8(ascii: "\n")).map { line in
            let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1)
            let name = String(decoding: parts.first ?? [], as: UTF8.self)
            if hidden.contains(name.lowercased()) { return .init(name: name, value: MaskedURL.mark) }
            let value = parts.count > 1 ? parts[1].filter { $0 != UInt8(ascii: "\r") }.drop { $0 == UInt8(ascii: " ") } : []
            let shown = commonHeaders.contains(name.lowercased()) ? Array(value) : mask(Array(value))
            return .init(name: name, value: String(decoding: shown, as: UTF8.self))
        }
    }

    /// Fits every format: diio's signature wants an id, a GET wants no nested members.
    private static let sampleData = Array(
        #"{"id":"posthorn-test","test":true,"message":"A test of this endpoint. Nothing happened."}"#.utf8
    )
}
