import Glibc
import PosthornTestSupport
import Testing

/// The built command on a machine whose own network is at fault: it says so once, uses up no attempt, and goes on when it is mended.
@Suite(.enabled(if: NetworkNamespace.isAvailable, "only root can make a network namespace (unshare, ip), with python3"))
struct MachineFaultEndToEndTests {
    private static let port = 18_080
    private let posthorn: PosthornProcess

    init() throws { posthorn = try PosthornProcess() }

    /// Answers every request on every address of the namespace, one after the other.
    private static let receiver = """
        import http.server, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(200)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"ok")
            def log_message(self, *words): pass
        server = http.server.ThreadingHTTPServer(("0.0.0.0", \(port)), Handler)
        open(sys.argv[1], "w").write("ready\\n")
        server.serve_forever()
        """

    /// Answers every question with 127.0.0.1 or, as an address of IPv6 that leads nowhere, 2001:db8::1.
    private static let nameServer = """
        import socket
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("127.0.0.1", 53))
        while True:
            query, client = server.recvfrom(512)
            end = 12
            while query[end]: end += query[end] + 1
            question = query[12:end + 5]
            kind = question[-4:-2]
            four, six = b"\\x7f\\0\\0\\1", b"\\x20\\1\\x0d\\xb8" + bytes(11) + b"\\1"
            data = {b"\\0\\1": four, b"\\0\\x1c": six}.get(kind, b"")
            answer = b"\\xc0\\x0c" + kind + b"\\0\\1\\0\\0\\0\\5\\0" + bytes([len(data)]) + data if data else b""
            counts = b"\\0\\1\\0" + bytes([bool(data)]) + b"\\0\\0\\0\\0"
            server.sendto(query[:2] + b"\\x81\\x80" + counts + question + answer, client)
        """

    private func apply(host: String, inFlight: Int = 32, timeoutMilliseconds: Int = 20_000) throws {
        let topology = """
            {"nodes": [{"id": "s", "level": "site"}], "endpoints": [{"id": "e", "node": "s", "vendor": "weseedo",
             "url": "http://\(host):\(Self.port)/hook", "max_in_flight": \(inFlight),
             "timeout_ms": \(timeoutMilliseconds)}]}
            """
        #expect(try posthorn.run("apply", posthorn.write(topology, to: "topology.json")).status == 0)
    }

    private func emit(_ count: Int) throws {
        let lines = (0..<count).map { #"{"id":"e\#($0)","type":"MEETING_STARTED","node":"s","data":{"id":"e\#($0)"}}"# }
        #expect(try posthorn.run("emit", posthorn.write(lines.joined(separator: "\n"), to: "events")).status == 0)
    }

    /// Starts a run in a network of its own, beside a receiver.
    /// - Parameters:
    ///   - setUp: What is done first, in the shell.
    ///   - mend: What is done on ``mend()``.
    private func start(setUp: String, mend: String) throws -> PosthornProcess.Running {
        let ready = posthorn.directory.file("ready")
        for pipe in [ready, mended] { try #require(mkfifo(pipe, 0o600) == 0) }
        let script = """
            \(setUp)
            timeout 120 python3 \(posthorn.write(Self.receiver, to: "receiver.py")) \(ready) &
            receiver=$!
            read -r word < \(ready)
            timeout 100 "$0" run --until-settled --allow 127.0.0.0/8 --allow 203.0.113.0/24 --log json >&2 &
            run=$!
            read -r word < \(mended)
            \(mend)
            wait $run
            status=$?
            kill $receiver $names
            exit $status
            """
        return try posthorn.start(
            NetworkNamespace.arguments + ["/bin/sh", "-c", script, PosthornProcess.binary],
            [posthorn.write("", to: "stdin"), posthorn.write("", to: "run-stdout"), posthorn.write("", to: "run-stderr")],
            binary: NetworkNamespace.program
        )
    }

    private var mended: String { posthorn.directory.file("mended") }

    /// Lets the shell go on.
    private func mend() { _ = posthorn.write("now\n", to: "mended") }

    private var log: String { posthorn.contents(posthorn.directory.file("run-stderr")) }

    private func count(_ text: String) -> Int { log.split(separator: "\n").count { $0.contains(text) } }

    private func checkDelivered(_ events: Int) throws {
        let rows = try posthorn.run(["deliveries", "--json", "--limit", "10000"]).lines
        #expect(rows.count == events)
        #expect(rows.allSatisfy { $0.contains(#""state":"delivered""#) && $0.contains(#""attempts":1"#) }, "\(rows.first ?? "")\n\(log)")
        #expect(count(#""event":"attempt_failed""#) == 0, "\(log)")
    }

    @Test func withoutARouteNothingIsTriedInVain() throws {
        try apply(host: "127.0.0.1")
        try emit(50)
        let run = try start(setUp: "true", mend: "ip link set lo up")
        #expect(posthorn.waitForError(#""fault":"no_route""#), "\(log)")
        let doctor = try posthorn.run("attempts", "1", "--json")
        #expect(doctor.lines.isEmpty, "\(doctor.output)")
        mend()
        #expect(run.wait() == 0, "\(log)")
        try checkDelivered(50)
        #expect(count(#""event":"machine_fault""#) == 1, "\(log)")
    }

    @Test func withoutANameServerNothingIsTriedInVain() throws {
        try apply(host: "hooks.receiver.test")
        try emit(20)
        let servers = posthorn.write(Self.nameServer, to: "names.py")
        let run = try start(
            setUp: "ip link set lo up; echo nameserver 127.0.0.1 > \(posthorn.directory.file("resolv.conf")); "
                + "mount --bind \(posthorn.directory.file("resolv.conf")) /etc/resolv.conf",
            mend: "timeout 100 python3 \(servers) & names=$!"
        )
        #expect(posthorn.waitForError(#""fault":"no_name_server""#), "\(log)")
        mend()
        #expect(run.wait() == 0, "\(log)")
        try checkDelivered(20)
        #expect(count(#""event":"machine_fault""#) == 1, "\(log)")
    }

    /// Two ports for all connections to one address, and an endpoint that wants thirty.
    @Test func withoutAFreePortWhatIsDueWaitsForOne() throws {
        try apply(host: "127.0.0.1", inFlight: 30)
        try emit(400)
        let run = try start(
            setUp: "ip link set lo up; echo 40000 40001 > /proc/sys/net/ipv4/ip_local_port_range",
            mend: "true"
        )
        mend()
        #expect(run.wait() == 0, "\(log)")
        try checkDelivered(400)
        #expect(count(#""fault":"no_local_port""#) >= 1, "\(log)")
    }

    /// The same at a name with addresses of both kinds, on a machine without IPv6: that one's failure hides the other's.
    @Test func withoutAFreePortAndWithoutIPv6WhatIsDueWaitsForAPort() throws {
        try apply(host: "hooks.receiver.test", inFlight: 30)
        try emit(200)
        let servers = posthorn.write(Self.nameServer, to: "names.py")
        let run = try start(
            setUp: "ip link set lo up; echo 40000 40001 > /proc/sys/net/ipv4/ip_local_port_range; "
                + "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6; "
                + "echo nameserver 127.0.0.1 > \(posthorn.directory.file("resolv.conf")); "
                + "mount --bind \(posthorn.directory.file("resolv.conf")) /etc/resolv.conf; "
                + "timeout 100 python3 \(servers) & names=$!",
            mend: "true"
        )
        mend()
        #expect(run.wait() == 0, "\(log)")
        try checkDelivered(200)
        #expect(count(#""fault":"no_local_port""#) >= 1, "\(log)")
    }

    /// There is a route, and the gateway on it is dead: whether a request waits for the kernel's word or not, it is no attempt.
    @Test(arguments: [1000, 20_000]) func behindADeadGatewayNothingIsTriedInVain(_ timeoutMilliseconds: Int) throws {
        try apply(host: "203.0.113.5", timeoutMilliseconds: timeoutMilliseconds)
        try emit(20)
        let run = try start(
            setUp: "ip link set lo up; ip link add near type veth peer name far; ip address add 10.9.0.2/24 dev near; "
                + "ip link set near up; ip link set far up; ip route add default via 10.9.0.1",
            mend: "ip address add 203.0.113.5/32 dev lo"
        )
        #expect(posthorn.waitForError(#""fault":"no_route""#), "\(log)")
        let attempts = try posthorn.run("attempts", "1", "--json")
        #expect(attempts.lines.isEmpty, "\(attempts.output)")
        mend()
        #expect(run.wait() == 0, "\(log)")
        try checkDelivered(20)
        #expect(count(#""event":"machine_fault""#) == 1, "\(log)")
    }
}
