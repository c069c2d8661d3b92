import Posthorn
import PosthornModel
import PosthornStore
import PosthornSystem
import PosthornText

/// What a scrape is answered from: values alone, so that the page is a pure function of them.
struct MetricsSample: Sendable {
    var outbox = OutboxMeter.Figures()
    var commits = CommitMeter.Figures()
    /// `nil` when the outbox could not be read.
    var gauges: OutboxGauges?
    /// `nil` while no engine of this process delivers.
    var engine: EngineStatistics?
    var requests: [(key: RequestMeter.Key, microseconds: BucketCounts)] = []
    var process = ProcessFigures()
    var now = Timestamp(milliseconds: 0)
}

/// The metrics of an outbox as Prometheus reads them.
enum MetricsPage {
    static func text(_ sample: MetricsSample) -> String {
        var page = PrometheusText()
        page.gauge("posthorn_build_info", "The version that runs; always 1.", [([("version", PosthornVersion.text)], 1)])
        addEvents(sample.outbox, to: &page)
        addAttempts(sample.outbox, to: &page)
        if let gauges = sample.gauges { addGauges(gauges, at: sample.now, to: &page) }
        page.gauge("posthorn_outbox_readable", "Whether the outbox could be read for this answer.", sample.gauges == nil ? 0 : 1)
        addEngine(sample.engine, to: &page)
        addCommits(sample.commits, to: &page)
        page.histogram(
            "posthorn_http_request_duration_seconds",
            "From the end of a request's head to the end of its answer.",
            unitsPerWhole: 1_000_000,
            sample.requests.map {
                ([("method", $0.key.method), ("route", $0.key.route), ("status_class", $0.key.statusClass)], $0.microseconds)
            }
        )
        addProcess(sample.process, to: &page)
        return page.text
    }

    private static func addEvents(_ figures: OutboxMeter.Figures, to page: inout PrometheusText) {
        page.counter(
            "posthorn_events_accepted_total",
            "Events that were new, by where this process got them from; sql once their deliveries are made.",
            OutboxMeter.Source.allCases.map { ([("source", $0.rawValue)], Double(figures.accepted[$0] ?? 0)) }
        )
        page.counter("posthorn_events_duplicate_total", "Events that were there already when they were handed in.", figures.duplicates)
    }

    private static func addAttempts(_ figures: OutboxMeter.Figures, to page: inout PrometheusText) {
        page.counter(
            "posthorn_attempts_total",
            "Attempts that are recorded, by how they ended.",
            figures.attempts.endings.map { (labels($0.ending), Double($0.count)) }
        )
        page.histogram(
            "posthorn_attempt_duration_seconds",
            "From the start of a request to the end of its answer, or to its failure.",
            unitsPerWhole: 1_000_000,
            [([], figures.attempts.microseconds)]
        )
        page.histogram(
            "posthorn_delivery_latency_seconds",
            "From an event's time, which is its acceptance unless the sender gave another, to the start of a first attempt.",
            unitsPerWhole: 1000,
            [([], figures.latencyMilliseconds)]
        )
        let endpoints = figures.endpoints.sorted { $0.key < $1.key }
        page.counter(
            "posthorn_endpoint_attempts_total",
            "The attempts of those endpoints that --metrics-endpoints names, by how they ended.",
            endpoints.flatMap { id, attempts in
                attempts.endings.map { ([("endpoint", id)] + labels($0.ending), Double($0.count)) }
            }
        )
        page.histogram(
            "posthorn_endpoint_attempt_duration_seconds",
            "The same of those endpoints that --metrics-endpoints names.",
            unitsPerWhole: 1_000_000,
            endpoints.map { ([("endpoint", $0.key)], $0.value.microseconds) }
        )
    }

    private static func labels(_ ending: AttemptFigures.Ending) -> PrometheusText.Labels {
        [
            ("result", ending.error == nil ? "success" : "failure"),
            ("status_class", ending.statusClass.map { "\($0)xx" } ?? "none"), ("error", ending.error?.rawValue ?? "none"),
        ]
    }

    private static func addGauges(_ gauges: OutboxGauges, at now: Timestamp, to page: inout PrometheusText) {
        page.gauge(
            "posthorn_deliveries",
            "Deliveries in the outbox by state.",
            DeliveryState.allCases.map { ([("state", $0.rawValue)], Double(gauges.deliveries[$0] ?? 0)) }
        )
        page.gauge(
            "posthorn_endpoints",
            "Endpoints by state.",
            EndpointState.allCases.map { ([("state", $0.rawValue)], Double(gauges.endpoints[$0] ?? 0)) }
        )
        let lag = gauges.firstDue.map { max(0, now.milliseconds - $0.milliseconds) } ?? 0
        page.gauge("posthorn_schedule_lag_seconds", "For how long the delivery that is most overdue has been due.", Double(lag) / 1000)
        if let bytes = gauges.bytes { page.gauge("posthorn_outbox_bytes", "Bytes of the outbox's file, without its log.", Double(bytes)) }
        if let bytes = gauges.logBytes { page.gauge("posthorn_log_bytes", "Bytes of the outbox's write-ahead log.", Double(bytes)) }
    }

    private static func addEngine(_ engine: EngineStatistics?, to page: inout PrometheusText) {
        page.gauge("posthorn_engine_delivering", "Whether this process delivers; 0 while it stands by for another.", engine == nil ? 0 : 1)
        guard let engine else { return }
        page.gauge(
            "posthorn_deliveries_in_memory",
            "Deliveries that wait in memory, are on the wire or not yet recorded.",
            Double(engine.claimed)
        )
        page.gauge(
            "posthorn_binding_limits",
            "Limits of nodes' trees, and of all endpoints, at which deliveries wait.",
            Double(engine.bindingLimits.count)
        )
        page.gauge(
            "posthorn_limited_endpoints",
            "Endpoints that wait for such limits.",
            Double(engine.bindingLimits.reduce(0) { $0 + $1.waitingEndpoints })
        )
        guard let senders = engine.senders else { return }
        page.gauge("posthorn_requests_in_flight", "Requests to receivers that are on the wire.", Double(senders.inFlight))
        let active = min(senders.inFlight, senders.connections)
        page.gauge(
            "posthorn_connections",
            "Connections to receivers: with a request on them, or kept for the next.",
            [([("state", "active")], Double(active)), ([("state", "idle")], Double(senders.connections - active))]
        )
        let plain = max(0, senders.connectionsOpened - senders.fullHandshakes - senders.resumedHandshakes)
        page.counter(
            "posthorn_connections_opened_total",
            "Connections opened to receivers, by the TLS handshake that they took; none also for those that came to nothing.",
            [
                ([("tls", "full")], Double(senders.fullHandshakes)), ([("tls", "resumed")], Double(senders.resumedHandshakes)),
                ([("tls", "none")], Double(plain)),
            ]
        )
    }

    private static func addCommits(_ commits: CommitMeter.Figures, to page: inout PrometheusText) {
        page.histogram(
            "posthorn_commit_duration_seconds",
            "How long transactions took, with their flush to disk.",
            unitsPerWhole: 1_000_000,
            [([], commits.microseconds)]
        )
        page.histogram(
            "posthorn_commit_rows",
            "Events handed in and attempts recorded in one transaction; other work counts as 1.",
            unitsPerWhole: 1,
            [([], commits.rows)]
        )
        page.counter("posthorn_commit_failures_total", "Transactions that the store could not make durable.", commits.failures)
    }

    private static func addProcess(_ process: ProcessFigures, to page: inout PrometheusText) {
        if let seconds = process.cpuSeconds {
            page.counter("process_cpu_seconds_total", "Processor time of all threads.", [([], seconds)])
        }
        let gauges: [(name: String, help: String, value: Double?)] = [
            ("process_resident_memory_bytes", "Memory that is present.", process.residentBytes.map(Double.init)),
            ("process_virtual_memory_bytes", "Memory that is reserved.", process.virtualBytes.map(Double.init)),
            ("process_open_fds", "Descriptors that are open.", process.openDescriptors.map(Double.init)),
            ("process_max_fds", "Descriptors that may be open.", process.descriptorLimit.map(Double.init)),
            ("process_start_time_seconds", "When the process began, since 1970.", process.startSeconds),
            ("process_threads", "Threads of the process.", process.threads.map(Double.init)),
        ]
        for gauge in gauges { if let value = gauge.value { page.gauge(gauge.name, gauge.help, value) } }
    }
}
