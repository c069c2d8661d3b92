public import PosthornText

extension OwnEventType {
    /// What has happened, in one sentence.
    public var summary: String {
        switch self {
        case .endpointFailing: "Several attempts of an endpoint have failed in a row; all goes on as it is."
        case .endpointSuspended: "An endpoint is left alone, but for a probe now and then, until one succeeds."
        case .endpointRecovered: "An endpoint that was failing, suspended or disabled is healthy again."
        case .endpointDisabled: "An endpoint is switched off, by the engine or by hand; its deliveries are held."
        case .deliveryExhausted: "The last attempt of a delivery has failed."
        case .replayFinished: "A replay, or a job that tries again or takes back many deliveries, is over."
        }
    }

    /// The data of such an event: one JSON object.
    public var example: JSONValue { (try? JSONValue.parse(Array(exampleText.utf8))) ?? .null }

    private var exampleText: String {
        switch self {
        case .endpointFailing: Self.health("failing", from: "healthy", failures: 5, disablesAt: Self.end)
        case .endpointSuspended:
            Self.health("suspended", from: "failing", failures: 10, until: #""2026-11-28T20:16:00.000Z""#, disablesAt: Self.end)
        case .endpointRecovered:
            #"{"endpoint":"crm","node":"acme","state":"healthy","former_state":"suspended","since":"2026-11-28T20:15:00.000Z","#
                + #""until":null,"reason":null,"actor":"engine","failures":0,"failing_since":null,"disables_at":null}"#
        case .endpointDisabled: Self.health("disabled", from: "suspended", failures: 84)
        case .deliveryExhausted:
            #"{"delivery":"4711","endpoint":"crm","node":"acme","event":"m1-started","event_type":"MEETING_STARTED","#
                + #""event_node":"acme-desk","attempts":5,"error":"http_status","status":500,"#
                + #""last_attempt_at":"2026-11-28T20:15:00.000Z","withheld":0}"#
        case .replayFinished:
            #"{"replay":"12","action":"replay","state":"done","node":"acme","endpoint":null,"done":310,"refused":0,"#
                + #""created":"2026-11-28T20:09:00.000Z","finished":"2026-11-28T20:15:00.000Z"}"#
        }
    }

    private static let end = #""2026-12-03T19:15:00.000Z""#

    private static func health(
        _ state: String,
        from former: String,
        failures: Int,
        until: String = "null",
        disablesAt: String = "null"
    ) -> String {
        #"{"endpoint":"crm","node":"acme","state":"\#(state)","former_state":"\#(former)","since":"2026-11-28T20:15:00.000Z","#
            + #""until":\#(until),"reason":"http_status 500","actor":"engine","failures":\#(failures),"#
            + #""failing_since":"2026-11-28T19:15:00.000Z","disables_at":\#(disablesAt)}"#
    }
}
