import Glibc
import PosthornTestSupport
import Testing

/// A load whose receiver's name leads to several addresses.
@Suite(.enabled(if: NetworkNamespace.isAvailable, "only root can make a network namespace (unshare, ip), with python3"))
struct LoadAddressesTests {
    /// Answers every request on every address of the namespace.
    private static let receiver = """
        import http.server, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()
            def log_message(self, *words): pass
        server = http.server.ThreadingHTTPServer(("0.0.0.0", 18080), Handler)
        open(sys.argv[1], "w").write("ready\\n")
        server.serve_forever()
        """

    @Test(arguments: ["--rate 100", "--connections 6"]) func everyAddressOfANameGetsConnectionsInTurn(_ model: String) throws {
        let posthorn = try PosthornProcess()
        let (ready, hosts) = (posthorn.directory.file("ready"), posthorn.directory.file("hosts"))
        try #require(mkfifo(ready, 0o600) == 0)
        _ = posthorn.write("127.0.0.1 many.test\n127.0.0.2 many.test\n127.0.0.3 many.test\n", to: "hosts")
        let script = """
            ip link set lo up
            mount --bind \(hosts) /etc/hosts
            timeout 60 python3 \(posthorn.write(Self.receiver, to: "receiver.py")) \(ready) &
            read -r word < \(ready)
            timeout 50 "$0" load http://many.test:18080/ \(model) --count 60 --json
            status=$?
            kill %1
            exit $status
            """
        let files = ["stdin", "run-stdout", "run-stderr"].map { posthorn.write("", to: $0) }
        let run = try posthorn.start(
            NetworkNamespace.arguments + ["/bin/sh", "-c", script, PosthornProcess.binary],
            files,
            binary: NetworkNamespace.program
        )
        #expect(run.wait() == 0, "\(posthorn.contents(files[2]))")
        let output = posthorn.contents(files[1])
        for last in 1...3 { #expect(output.contains("\"127.0.0.\(last):18080\":"), "\(output)") }
    }
}
