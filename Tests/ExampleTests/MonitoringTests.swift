import Glibc
import PosthornTestSupport
import Testing

/// Examples/monitoring: Prometheus reads what Posthorn says, and its alerts fire.
@Suite(.limited()) struct MonitoringTests {
    private static let folder = Command.top + "/Examples/monitoring"
    private static let hasPrometheus = Command.exists("prometheus") && Command.exists("promtool")

    /// What `/metrics` says after attempts that went well and badly.
    private func scraped() throws -> String {
        let receiver = try MisbehavingReceiver { String(decoding: $0.body, as: UTF8.self).contains("refused") ? .status(503) : .ok }
        let server = try LiveServer(topology: LiveServer.topology(receiver.url), ["--metrics-endpoints", "crm"])
        let lines = ["good", "refused"].map { #"{"id":"\#($0)","type":"MEETING_STARTED","node":"s1","data":{"id":"\#($0)"}}"# }
        let file = server.folder.file("events.ndjson")
        try LiveServer.write(lines.joined(separator: "\n"), to: file)
        let send = try Command.run([
            "curl", "-sS", "--fail-with-body", "\(server.url)/v1/events", "-H", "Content-Type: application/x-ndjson", "--data-binary",
            "@\(file)",
        ])
        #expect(send.status == 0, "\(send.output)")
        var text = ""
        // Recorded a moment after the answer.
        repeat {
            text = try Command.run(["curl", "-sS", "--fail", "\(server.url)/metrics"]).output
            // Counts of the outbox are read once a second at most, those of the process at once.
        } while !text.contains("posthorn_attempt_duration_seconds_count 2\n")
            || !text.contains(#"posthorn_deliveries{state="exhausted"} 1"# + "\n")
        #expect(server.program.stop() == 0)
        return text
    }

    @Test(.enabled(if: hasPrometheus && Command.exists("curl"), "prometheus or curl is not installed"))
    func promtoolFindsNothingWrongWithTheMetricsAndTheRulesAndTheDashboardUseThoseThatThereAre() throws {
        let text = try scraped()
        for line in [
            #"posthorn_attempts_total{result="success",status_class="2xx",error="none"} 1"#,
            #"posthorn_attempts_total{result="failure",status_class="5xx",error="http_status"} 1"#,
            #"posthorn_endpoint_attempts_total{endpoint="crm",result="success",status_class="2xx",error="none"} 1"#,
            #"posthorn_events_accepted_total{source="http"} 2"#, #"posthorn_deliveries{state="exhausted"} 1"#,
            "posthorn_engine_delivering 1",
        ] { #expect(text.contains(line + "\n"), "\(line)\n\(text)") }
        let directory = try TemporaryDirectory()
        let file = directory.file("metrics.txt")
        try LiveServer.write(text, to: file)
        let checked = try Command.run(["promtool", "check", "metrics"], input: file)
        #expect(checked.status == 0, "\(checked.output)")
        // A panel or an alert over a metric that is spelt wrong stays empty and says nothing.
        let families = text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ")[2] }
        for name in ["posthorn-alerts.yml", "grafana-dashboard.json", "posthorn-alerts-test.yml"] {
            for match in LiveServer.contents("\(Self.folder)/\(name)").matches(of: /\b(posthorn|process)_[a-z_]+/) {
                let used = match.output.0
                let isKnown = families.contains { family in
                    used == family || ["_bucket", "_sum", "_count"].contains { used == family + $0 }
                }
                #expect(isKnown || used == "descriptors_used_up", "\(name) uses \(used)")
            }
        }
    }

    @Test(.enabled(if: hasPrometheus, "prometheus is not installed"))
    func everyAlertFiresInATestOfItsRule() throws {
        let tested = try Command.run(["promtool", "test", "rules", "\(Self.folder)/posthorn-alerts-test.yml"])
        #expect(tested.status == 0, "\(tested.output)")
        #expect(try Command.run(["promtool", "check", "config", "--syntax-only", "\(Self.folder)/prometheus.yml"]).status == 0)
        let rules = LiveServer.contents("\(Self.folder)/posthorn-alerts.yml")
        let tests = LiveServer.contents("\(Self.folder)/posthorn-alerts-test.yml")
        let alerts = rules.matches(of: /- alert: (\w+)/).map(\.output.1)
        #expect(alerts.count > 8)
        for alert in alerts {
            let fires = tests.split(separator: "- eval_time:").contains {
                $0.contains("alertname: \(alert)\n") && $0.contains("exp_alerts:")
            }
            #expect(fires, "\(alert) is not made to fire")
        }
    }

    /// The whole way: a receiver that refuses, Posthorn, Prometheus with the example's rules, and in place of the Alertmanager a
    /// server that waits for its request.
    @Test(.enabled(if: hasPrometheus, "prometheus is not installed"))
    func aRealPrometheusScrapesWithAKeyAndItsAlertArrives() throws {
        let receiver = try MisbehavingReceiver { _ in .status(503) }
        let alertmanager = try MisbehavingReceiver { _ in .status(200, headers: [("content-type", "application/json")], body: "{}") }
        // Scrapes come all the time and are logged at this level alone.
        let server = try LiveServer(
            topology: LiveServer.topology(receiver.url),
            keys: [["--can", "read_metadata"]],
            ["--log-level", "debug"]
        )
        let key = server.folder.file("posthorn.key")
        try LiveServer.write(server.keys[0], to: key)
        let rules = server.folder.file("rules.yml")
        try LiveServer.write(LiveServer.contents("\(Self.folder)/posthorn-alerts.yml"), to: rules)
        var configuration = LiveServer.contents("\(Self.folder)/prometheus.yml")
        for (place, own) in [
            ("15s", "200ms"), ("/etc/prometheus/posthorn.key", key), ("127.0.0.1:8080", "127.0.0.1:\(server.port)"),
            ("posthorn-alerts.yml", rules), ("127.0.0.1:9093", "127.0.0.1:\(alertmanager.port)"),
        ] {
            #expect(configuration.contains(place), "the example has no \(place)")
            configuration = configuration.replacing(place, with: own)
        }
        let file = server.folder.file("prometheus.yml")
        try LiveServer.write(configuration, to: file)
        let prometheus = try BackgroundProgram([
            "prometheus", "--config.file", file, "--storage.tsdb.path", server.folder.file("tsdb"), "--web.listen-address", "127.0.0.1:0",
        ])
        // The figures before the fault are what it is seen against.
        let isScraped = server.program.wait { text in
            text.split(separator: "\n").count { $0.contains(#""route":"/metrics","status":200"#) } >= 3
        }
        #expect(isScraped, "\(server.program.output) \(prometheus.output)")
        let event = server.folder.file("event.ndjson")
        try LiveServer.write(#"{"type":"MEETING_STARTED","node":"s1","data":{"id":"m1"}}"#, to: event)
        #expect(try server.posthorn("emit", event).status == 0)
        let alerts = alertmanager.waitForRequests(1)
        let body = alerts.first.map { String(decoding: $0.body, as: UTF8.self) } ?? ""
        #expect(body.contains("PosthornDeliveriesExhausted") && body.contains("127.0.0.1:\(server.port)"), "\(body)")
        prometheus.stop()
        #expect(server.program.stop() == 0)
    }
}
