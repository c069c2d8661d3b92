import Glibc
import PosthornTestSupport
import Testing

/// Examples/api/nginx.conf: TLS in front, and the client's own address in the log.
@Suite(.limited()) struct ProxyTests {
    private static let tools = ["nginx", "openssl", "curl"]

    @Test(.enabled(if: tools.allSatisfy(Command.exists), "nginx, openssl or curl is not installed"))
    func nginxSpeaksTLSAndPassesOnWhatPosthornNeeds() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let server = try LiveServer(
            topology: LiveServer.topology(receiver.url),
            keys: [["--can", "emit,read"]],
            ["--trusted-proxy", "127.0.0.1/32"]
        )
        let folder = server.folder
        let certificate = try Command.run([
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder.file("key.pem"), "-out", folder.file("cert.pem"),
            "-days", "1", "-subj", "/CN=hooks.example.com", "-addext", "subjectAltName=DNS:hooks.example.com",
        ])
        try #require(certificate.status == 0, "\(certificate.output)")
        let port = try Self.freePort()
        var text = LiveServer.contents(Command.top + "/Examples/api/nginx.conf")
        for (place, own) in [
            ("127.0.0.1:8080;", "127.0.0.1:\(server.port);"), ("listen 443 ", "listen 127.0.0.1:\(port) "),
            ("/etc/letsencrypt/live/hooks.example.com/fullchain.pem", folder.file("cert.pem")),
            ("/etc/letsencrypt/live/hooks.example.com/privkey.pem", folder.file("key.pem")),
        ] {
            #expect(text.contains(place), "the example has no \(place)")
            text = text.replacing(place, with: own)
        }
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(folder.path)/\($0);" }
        let whole = """
            daemon off; master_process off; pid \(folder.path)/nginx.pid; error_log stderr notice;
            events {}
            http { access_log off; \(paths.joined(separator: " "))
            \(text)
            }
            """
        let file = folder.file("nginx.conf")
        try LiveServer.write(whole, to: file)
        let nginx = try BackgroundProgram(["nginx", "-p", folder.path, "-e", "stderr", "-c", file])
        // It says so once it listens.
        try #require(nginx.wait { $0.contains("using the \"epoll\" event method") || $0.contains("start worker") }, "\(nginx.output)")
        func curl(_ path: String, _ words: String...) throws -> Command.Result {
            try Command.run(
                [
                    "curl", "-sS", "-i", "--max-time", "30", "--retry", "5", "--retry-connrefused", "--retry-delay", "0", "--cacert",
                    folder.file("cert.pem"), "--resolve", "hooks.example.com:\(port):127.0.0.1", "https://hooks.example.com:\(port)\(path)",
                ] + words
            )
        }
        let key = "Authorization: Bearer \(server.keys[0])"
        let lines = folder.file("events.ndjson")
        let events = (1...500).map { #"{"id":"e\#($0)","type":"MEETING_STARTED","node":"s1","data":{"id":"m\#($0)"}}"# }
        try LiveServer.write(events.joined(separator: "\n"), to: lines)
        let sent = try curl("/v1/events", "-H", key, "-H", "Content-Type: application/x-ndjson", "-T", lines, "-X", "POST")
        #expect(sent.output.contains("HTTP/2 202") && sent.output.contains(#""line":500"#), "\(sent.output.suffix(300)) \(nginx.output)")
        #expect(try curl("/v1/events/e7", "-H", key).output.contains(#""deliveries":[{"id":""#))
        #expect(try curl("/v1/events").output.contains("HTTP/2 401"))
        #expect(try curl("/metrics", "-H", key).output.contains("HTTP/2 404"))
        // A client cannot say where it comes from.
        #expect(try curl("/v1/nodes", "-H", key, "-H", "X-Forwarded-For: 203.0.113.9").output.contains("HTTP/2 200"))
        nginx.stop()
        #expect(server.program.stop() == 0)
        let logged = server.program.output.split(separator: "\n").filter { $0.contains(#""event":"request""#) }
        #expect(logged.count >= 4 && logged.allSatisfy { $0.contains(#""address":"127.0.0.1""#) && !$0.contains("203.0.113.9") })
    }

    @Test(.enabled(if: Command.exists("caddy"), "caddy is not installed"))
    func caddyTakesItsExample() throws {
        let result = try Command.run([
            "caddy", "validate", "--adapter", "caddyfile", "--config", Command.top + "/Examples/api/Caddyfile",
        ])
        #expect(result.status == 0, "\(result.output)")
    }

    /// A port that was free a moment ago.
    private static func freePort() throws -> Int {
        let receiver = try MisbehavingReceiver { _ in .ok }
        defer { receiver.stop() }
        return Int(receiver.port)
    }
}
