import PosthornModel
import PosthornText
import PosthornStore
package import PosthornSending
package import PosthornFormats
import PosthornSystem

extension Outbox {
    /// Sends a sample event to one endpoint, now and outside of the outbox: nothing is stored, nobody else gets it.
    ///
    /// The endpoint's state does not matter, nor do its patterns: whoever tests a URL wants to see it called.
    ///
    /// - Parameters:
    ///   - id: The endpoint.
    ///   - type: The event's type; a usual one of the endpoint's format when `nil`.
    ///   - data: The event's data, one JSON object; a harmless one when `nil`.
    ///   - vendor: Whose format the request has instead of the endpoint's, where a file describes it. An example of the file is sent then.
    ///   - guard: Which addresses may be reached.
    ///   - caFile: A PEM file of certificate authorities instead of the system's.
    ///   - limitMilliseconds: The longest wait, where the endpoint's own timeout is longer.
    /// - Throws: `InputProblem` when there is no such endpoint, or its format cannot carry the event.
    package func test(
        endpoint id: String,
        type: String? = nil,
        data: [UInt8]? = nil,
        vendor: FileVendor? = nil,
        guard: EgressGuard,
        caFile: String? = nil,
        limitMilliseconds: Int = .max
    ) throws -> EndpointTest {
        var settings = try endpointWithCredentials(id).settings
        settings.timeoutMilliseconds = min(settings.timeoutMilliseconds, limitMilliseconds)
        let now = clock.now()
        let sample = try vendor.map { try $0.file.sample(type) } ?? FileVendor.sample(of: settings, type: type)
        let event = try Event(
            checking: makeEventID(at: now),
            type: sample?.type ?? type ?? settings.envelope.sampleType,
            node: settings.node,
            created: now,
            data: data ?? sample?.data ?? Self.sampleData
        )
        var request = OutboundRequest()
        var composer: EndpointComposer?
        if let vendor {
            settings.method = .post
            settings.credentials = vendor.redactedCredentials
            try vendor.composer(url: settings.url, headers: settings.headers).compose(
                AcceptedEvent(event),
                attempt: 1,
                at: now,
                into: &request
            )
        } else {
            let own = try EndpointComposer(settings.withCalledURL, now: now)
            try own.check(type: event.type, data: event.data)
            try own.compose(AcceptedEvent(event), attempt: 1, at: now, into: &request)
            composer = own
        }
        let success = vendor?.file.description.success ?? composer?.success ?? [200...200]
        let outcome = Self.send(request, try EndpointURL(settings.url), settings, success, at: now, `guard`, caFile)
        let redactor = SecretRedactor(settings, composer)
        let shown = ShownRequest(request, settings, redactor, of: event)
        return EndpointTest(
            method: shown.method,
            url: shown.url,
            headers: shown.headers,
            body: shown.body,
            outcome: redactor?.redacted(outcome) ?? outcome
        )
    }

    private static func send(
        _ request: OutboundRequest,
        _ url: EndpointURL,
        _ settings: EndpointSettings,
        _ success: [ClosedRange<Int>],
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
            let isSuccess = success.contains { $0.contains(answer.status) }
            let body = Array(answer.body.prefix(AttemptOutcome.excerptLimitBytes))
            return outcome(answer.status, isSuccess ? nil : .status, isSuccess ? "" : "answered \(answer.status)", body, answer.address)
        } catch {
            return outcome(nil, error.error, error.text)
        }
    }

    /// Fits every format: diio's signature wants an id, a GET wants no nested members.
    private static let sampleData = Array(
        #"{"id":"posthorn-test","test":true,"message":"A test of this endpoint. Nothing happened."}"#.utf8
    )
}
