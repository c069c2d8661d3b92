import PosthornText

/// Examples of the document, each of which fits its schema.
enum Examples {
    /// Reads an example. What is no JSON shows as null, which a test finds.
    private static func json(_ text: String) -> JSONValue { (try? JSONValue.parse(Array(text.utf8))) ?? .null }

    static let newEvent = json(
        #"{"id":"m1-started","type":"MEETING_STARTED","node":"s1","created":"2026-11-28T20:15:00.000Z","data":{"id":"m1"},"headers":{"x-tenant":"acme"}}"#
    )

    static let emittedEvent = json(#"{"id":"m1-started","duplicate":false,"deliveries":3,"failed":[]}"#)

    static let event = json(#"{"id":"m1-started","type":"MEETING_STARTED","node":"s1","created":"2026-11-28T20:15:00.000Z"}"#)

    static let delivery = json(
        """
        {"id":"480112","event":"m1-started","type":"MEETING_STARTED","node":"s1","endpoint":"crm","state":"pending","attempts":1,
        "created":"2026-11-28T20:15:00.000Z","next_attempt_at":"2026-11-28T20:16:00.000Z","finished_at":null,"throttled_until":null,
        "url":"https://crm.example/hook?token=***","status":503,"error":"http_status","error_text":"answered 503"}
        """
    )

    static let deliveryWithRequest = json(
        delivery.text.dropLast()
            + """
            ,"request":{"attempt":2,"method":"POST","url":"https://crm.example/hook?token=***",
            "headers":[{"name":"content-type","value":"application/json"}],"body":"{\\"id\\":\\"m1-started\\"}"},"request_problem":null}
            """
    )

    static let eventType = json(
        """
        {"type":"USER_DELETED","vendor":"weseedo","summary":"A user was deleted.","lowest_level":"company","example":{"id":"u-17"}}
        """
    )

    static let eventWithDeliveries = json(
        #"{"id":"m1-started","type":"MEETING_STARTED","node":"s1","created":"2026-11-28T20:15:00.000Z","#
            + #""waits_for_fan_out":false,"traceparent":null,"data_dropped":false,"headers":{"x-tenant":"acme"},"data":{"id":"m1"},"deliveries":[]}"#
    )

    static let attempt = json(
        """
        {"delivery":"480112","number":1,"started_at":"2026-11-28T20:15:00.100Z","duration_ms":41.2,"status":503,
        "error":"http_status","error_text":"answered 503","response":"busy","address":"192.0.2.7:443"}
        """
    )

    static let recipient = json(
        """
        {"endpoint":"crm","node":"c1","verdict":"pattern","reason":"wants USER_*, which the type does not match","level":"company",
        "lowest_level":"site","patterns":["USER_*"],"matching_pattern":null,"state":"active","delivery":null,
        "delivery_state":null,"former_url":false}
        """
    )

    static let endpointSettings = json(
        #"{"id":"crm","node":"c1","url":"https://crm.example/hook","vendor":"weseedo","events":["MEETING_*"]}"#
    )

    static let endpoint = json(
        #"{"id":"crm","node":"c1","url":"https://crm.example/hook","vendor":"weseedo","events":["MEETING_*"],"#
            + #""state":"active","reason":null,"broken":null,"throttled_until":null,"limited_by":[],"unhealthy":null,"held":0,"held_at_least":false}"#
    )

    static let endpointSummary = json(
        """
        {"id":"crm","node":"c1","url":"https://crm.example/hook","method":"POST","envelope":"weseedo","signature":"none",
        "events":["MEETING_*"],"headers":[],"timeout_ms":15000,"max_in_flight":64,"rate_per_second":null,
        "retry":[0,60000,600000,3600000,86400000],"health_settings":null,"order":null,"on_exhausted":null,"throttled_until":null,"limited_by":[],"state":"active","reason":null,"broken":null,
        "unhealthy":null}
        """
    )

    static let endpointTest = json(
        """
        {"id":"crm","method":"POST","url":"https://crm.example/hook","headers":[{"name":"Content-Type","value":"application/json"}],
        "body":"{}","status":200,"error":null,"error_text":null,"response":null,"address":"192.0.2.7:443","duration_ms":41}
        """
    )

    static let ownAccess = json(#"{"key":"0123456789ab","node":"c1","rights":["read","read_metadata","retry"],"csrf_token":null}"#)

    static let recordedChange = json(
        #"{"id":"17","time":"2026-07-15T12:33:14.000Z","by":"key","by_id":"0123456789ab","by_name":"shop","action":"endpoint disable","#
            + #""subject":"crm","node":"c1"}"#
    )

    static let backup = json(
        #"{"id":"2026-07-15T12-33-14.000Z","state":"done","taken_at":"2026-07-15T12:33:14.000Z","#
            + #""file":"posthorn-2026-07-15T12-33-14.000Z.db","bytes":1048576,"problem":null}"#
    )

    private static let portalMembers =
        #""id":"0123456789ab","node":"c1","rights":["read","retry"],"state":"unopened","created":"2026-07-15T12:33:14.000Z","#
        + #""expires":"2026-07-15T13:33:14.000Z","opened":null,"revoked":null,"made_by":"ba9876543210""#

    static let portalSession = json("{\(portalMembers)}")

    static let newPortalSession = json(
        "{\(portalMembers),"
            + #""url":"https://hooks.example.com/portal/phc_0123456789ab_0000000000000000000000000000000000000000000","#
            + #""url_expires":"2026-07-15T12:43:14.000Z"}"#
    )

    static let endpointStatistics = json(
        """
        {"id":"crm","since":"2026-11-28T20:00:00.000Z","until":"2026-11-28T21:00:00.000Z","step_seconds":3600,
        "total":{"attempts":10,"delivered":8,"exhausted":1,"failed":{"timeout":2},"latency_ms":{"p50":41.0,"p90":98.3,"p99":98.3},
        "schedule_lag_ms":{"p50":2.6,"p90":3.1,"p99":81.9}},
        "data":[{"start":"2026-11-28T20:00:00.000Z","attempts":10,"delivered":8,"exhausted":1,"failed":{"timeout":2},
        "latency_ms":{"p50":41.0,"p90":98.3,"p99":98.3},"schedule_lag_ms":{"p50":2.6,"p90":3.1,"p99":81.9}}]}
        """
    )

    static let statistics = json(
        """
        {"since":"2026-11-28T20:00:00.000Z","until":"2026-11-28T21:00:00.000Z","step_seconds":3600,"known_since":"2026-11-28T20:00:00.000Z",
        "total":{"attempts":10,"delivered":8,"exhausted":1,"failed":{"timeout":2},"latency_ms":{"p50":41.0,"p90":98.3,"p99":98.3},
        "schedule_lag_ms":{"p50":2.6,"p90":3.1,"p99":81.9}},
        "data":[{"start":"2026-11-28T20:00:00.000Z","attempts":10,"delivered":8,"exhausted":1,"failed":{"timeout":2},
        "latency_ms":{"p50":41.0,"p90":98.3,"p99":98.3},"schedule_lag_ms":{"p50":2.6,"p90":3.1,"p99":81.9}}]}
        """
    )

    static let node = json(
        #"{"id":"c1","level":"company","parent":"d1","name":"Acme","notification_email":null,"limits":{"rate_per_second":100},"endpoints":1,"nodes":2}"#
    )

    static let nodeSettings = json(#"{"level":"company","parent":"d1","name":"Acme","limits":{"rate_per_second":100}}"#)

    static let topology = json(
        """
        {"nodes":[{"id":"r1","level":"reseller"},{"id":"c1","level":"company","parent":"r1"}],
        "endpoints":[{"id":"crm","node":"c1","url":"https://crm.example/hook","vendor":"weseedo"}]}
        """
    )

    static let change = json(#"{"kind":"added","what":"endpoint","id":"crm","detail":"c1, active"}"#)

    static let key = json(
        """
        {"id":"0123456789ab","name":"billing","node":"c1","rights":["read"],"state":"valid","created":"2026-11-28T20:15:00.000Z",
        "expires":null,"last_used":"2026-11-28T20:00:00.000Z","revoked":null,"made_by":null}
        """
    )

    static let newKey = json(
        """
        {"id":"0123456789ab","name":null,"node":"c1","rights":["read"],"state":"valid","created":"2026-11-28T20:15:00.000Z",
        "expires":null,"last_used":null,"revoked":null,"made_by":"ba9876543210","key":"phk_0123456789ab_0000000000000000000000000000000000000000000"}
        """
    )

    static let status = json(
        """
        {"nodes":4,"endpoints":{"active":1},"broken_endpoints":{},"broken_count":0,"broken_at_least":false,
        "throttled_endpoints":{},"throttled_count":0,"throttled_at_least":false,
        "unhealthy_endpoints":{},"unhealthy_count":0,"unhealthy_at_least":false,"failing_count":0,"suspended_count":0}
        """
    )

    static let laneCounts = json(#"{"endpoint":"crm","lanes":40,"stopped":1,"waiting":57,"stopped_waiting":12,"at_least":false}"#)

    static let lanes = json(
        """
        {"lanes":40,"stopped":1,"waiting":57,"stopped_waiting":12,"at_least":false,"heads":[{"delivery":"480112","state":"exhausted","event":"m1-started",
        "node":"s1","waiting":12,"at_least":false,"since":"2026-11-28T20:15:00.000Z"}]}
        """
    )

    static let replay = json(
        """
        {"id":"12","action":"replay","state":"running","node":"c1","endpoint":"crm","event":null,"types":[],"states":["exhausted"],"errors":[],
        "status_classes":[],"attempts_min":0,"since":"2026-11-28T00:00:00.000Z",
        "until":null,"recipients":"original","rate_per_second":50,"created":"2026-11-28T20:15:00.000Z","created_by":"0123456789ab",
        "done":400,"refused":0,"left":600,"ends_about":"2026-11-28T20:15:20.000Z","finished":null}
        """
    )

    static let replayForecast = json(
        """
        {"events":1000,"deliveries":1000,"endpoints":[{"endpoint":"crm","deliveries":1000,"held":0,"refused":0,"data_dropped":0}],
        "complete":true}
        """
    )

    static let problemKind = json(
        #"{"type":"/problems/not-found","title":"There is no such thing","status":404,"remedy":"Correct the id or the path."}"#
    )

    /// A part of a list with one element.
    static func list(_ element: JSONValue) -> JSONValue {
        .object([.init("data", .array([element])), .init("next_cursor", .null), .init("previous_cursor", .null)])
    }
}
