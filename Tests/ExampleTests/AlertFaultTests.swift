import Glibc
import PosthornTestSupport
import Testing

/// Examples/monitoring: each alert fires when what it warns of is really made, with a real Prometheus in between.
@Suite(.limited()) struct AlertFaultTests {
    private static let folder = Command.top + "/Examples/monitoring"
    private static let tools = ["prometheus", "python3", "curl", "prlimit"]

    /// The rules of the example, which fire at once, over spans that a test can wait for. Two bounds are lower: five minutes of lag, and a
    /// log of 1 GB.
    private static func rules() throws -> String {
        var rules = LiveServer.contents("\(folder)/posthorn-alerts.yml")
        for (bound, lower) in [("seconds > 300", "seconds > 1"), ("posthorn_log_bytes > 1e9", "posthorn_log_bytes > 6e6")] {
            try #require(rules.contains(bound), "no alert has \(bound)")
            rules = rules.replacing(bound, with: lower)
        }
        return rules.replacing(/for: \d+m/, with: { _ in "for: 0s" }).replacing(/\[\d+m\]/, with: { _ in "[8s]" })
    }

    /// A database program beside Posthorn that takes a transaction and keeps it until it is ended.
    private static func hold(_ database: String, _ statements: String) throws -> BackgroundProgram {
        let script = """
            import sqlite3, sys, time
            outbox = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
            \(statements)
            """
        let program = try BackgroundProgram(["python3", "-u", "-c", script, database])
        try #require(program.wait { $0.contains("held") }, "\(program.output)")
        return program
    }

    private static func emit(_ server: LiveServer, bytes: Int = 1, times: Int = 1, node: String = "s1") throws -> [String] {
        let body = server.folder.file("event.json")
        let data = String(repeating: "x", count: bytes)
        try LiveServer.write(#"{"type":"MEETING_STARTED","node":"\#(node)","data":{"id":"\#(data)"}}"#, to: body)
        return try (0..<times).map { _ in
            try Command.run([
                "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "\(server.url)/v1/events", "-H", "Content-Type: application/json",
                "--data-binary", "@\(body)",
            ]).output
        }
    }

    private static func limit(_ process: pid_t, _ limit: String) throws {
        let set = try Command.run(["prlimit", "--pid", "\(process)", limit])
        try #require(set.status == 0, "\(set.output)")
    }

    private static func configuration(_ folder: TemporaryDirectory, jobs: [(name: String, ports: [Int])], alerts: Int) throws -> String {
        let rules = folder.file("rules.yml")
        try LiveServer.write(try Self.rules(), to: rules)
        let scraped = jobs.map { job in
            let targets = job.ports.map { "\"127.0.0.1:\($0)\"" }.joined(separator: ", ")
            return "  - job_name: \(job.name)\n    static_configs:\n      - targets: [\(targets)]\n"
        }
        let file = folder.file("prometheus.yml")
        try LiveServer.write(
            """
            global: {scrape_interval: 200ms, evaluation_interval: 200ms}
            scrape_configs:
            \(scraped.joined())
            rule_files: ["\(rules)"]
            alerting:
              alertmanagers:
                - static_configs:
                    - targets: ["127.0.0.1:\(alerts)"]
            """,
            to: file
        )
        return file
    }

    /// Waits until all of these alerts have arrived; returns those that have not, when a minute has brought nothing or sixty messages.
    /// - Parameter again: What keeps a fault going, done before each message is waited for.
    private static func missing(_ expected: Set<String>, at alertmanager: MisbehavingReceiver, again: () throws -> Void = {}) rethrows
        -> Set<String>
    {
        var (missing, seen) = (expected, 0)
        while !missing.isEmpty, seen < 60 {
            try again()
            let requests = alertmanager.waitForRequests(seen + 1, seconds: 60)
            if requests.count <= seen { break }
            for request in requests[seen...] {
                let body = String(decoding: request.body, as: UTF8.self)
                missing = missing.filter { !body.contains("\"alertname\":\"\($0)\"") }
            }
            seen = requests.count
        }
        return missing
    }

    @Test(.enabled(if: tools.allSatisfy(Command.exists), "prometheus, python3, curl or prlimit is not installed"))
    func eachAlertFiresWhenItsFaultIsMade() throws {
        let refusing = try MisbehavingReceiver { _ in .status(503) }
        let silent = try MisbehavingReceiver { _ in Reply.ok.held }
        let alertmanager = try MisbehavingReceiver { _ in .status(200, headers: [("content-type", "application/json")], body: "{}") }
        let topology = LiveServer.topology(refusing.url)
        let slow = LiveServer.topology(silent.url).replacing(#""vendor""#, with: #""max_in_flight": 1, "vendor""#)

        let refused = try LiveServer(topology: topology)
        let late = try LiveServer(topology: slow)
        let full = try LiveServer(topology: topology, deafTo: "XFSZ")
        let locked = try LiveServer(topology: topology)
        let logged = try LiveServer(topology: topology)
        let wipedOut = try LiveServer(topology: topology)
        let scarce = try LiveServer(topology: topology)
        let frozen = try LiveServer(topology: topology)
        try #require(frozen.program.wait { $0.contains(#""event":"started""#) })
        kill(frozen.program.process, SIGSTOP)
        defer { kill(frozen.program.process, SIGCONT) }
        let standby = try BackgroundProgram([
            Command.product("posthorn"), "run", "--db", frozen.folder.file("outbox.db"), "--listen", "127.0.0.1:0", "--log", "json",
        ])
        let standbyPort = try LiveServer.port(of: standby)

        // A disk that has lost what was written on it. What was read before would be answered from memory, so it is the first to fail.
        let wiped = wipedOut.folder.file("outbox.db")
        try #require(Command.run(["dd", "if=/dev/zero", "of=\(wiped)", "bs=4096", "count=61", "conv=notrunc"]).status == 0)
        truncate("\(wiped)-wal", 0)
        #expect(try Self.emit(wipedOut) == ["503"])

        let ports = [refused, late, full, locked, logged, wipedOut, scarce, frozen].map(\.port)
        let file = try Self.configuration(
            refused.folder,
            jobs: [("posthorn", ports), ("standby", [standbyPort])],
            alerts: Int(alertmanager.port)
        )
        let prometheus = try BackgroundProgram([
            "prometheus", "--config.file", file, "--storage.tsdb.path", refused.folder.file("tsdb"), "--web.listen-address", "127.0.0.1:0",
        ])
        // What was there before a fault is what it is seen against, so all are scraped once before the others are made.
        #expect(try Self.missing(["PosthornDown", "PosthornNotDelivering"], at: alertmanager).isEmpty, "\(prometheus.output)")

        #expect(try Self.emit(refused, times: 3) == ["202", "202", "202"])
        #expect(try Self.emit(late, times: 3) == ["202", "202", "202"])
        try Self.limit(full.program.process, "--fsize=4096")
        #expect(try Self.emit(full, times: 2) == ["503", "503"])
        let writer = try Self.hold(
            locked.folder.file("outbox.db"),
            """
            while True:
                outbox.execute("BEGIN IMMEDIATE")
                print("held")
                time.sleep(0.8)
                outbox.execute("ROLLBACK")
                time.sleep(0.2)
            """
        )
        #expect(try Self.emit(locked, times: 2) == ["202", "202"])
        let reader = try Self.hold(
            logged.folder.file("outbox.db"),
            """
            outbox.execute("BEGIN")
            print("held", outbox.execute("SELECT count(*) FROM posthorn_outbox").fetchone())
            time.sleep(3600)
            """
        )
        #expect(try Self.emit(logged, bytes: 900_000, times: 8) == Array(repeating: "202", count: 8))
        let listed = try Command.run(["ls", "/proc/\(scarce.program.process)/fd"]).output
        let inUse = listed.split(separator: "\n").count
        try Self.limit(scarce.program.process, "--nofile=\(inUse)")

        let expected = LiveServer.contents("\(Self.folder)/posthorn-alerts.yml").matches(of: /- alert: (\w+)/).map { String($0.output.1) }
        // A counter that begins with its first failure has no rate yet; the second one has.
        let missing = try Self.missing(Set(expected), at: alertmanager) { _ = try Self.emit(full) }
        #expect(missing.isEmpty, "\(missing) did not fire; \(prometheus.output.suffix(2000))")
        withExtendedLifetime((writer, reader, standby)) {}
    }
}
