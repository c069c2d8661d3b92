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
        let (status, output, errors) = try Self.load("\(model) --count 60 --json", addresses: 1...3, listeningOn: "0.0.0.0")
        #expect(status == 0, "\(errors)")
        for last in 1...3 { #expect(output.contains("\"127.0.0.\(last):18080\":"), "\(output)") }
    }

    @Test func anAddressThatIsLeftOutIsNamed() throws {
        let (status, output, errors) = try Self.load("--rate 100 --count 20", addresses: 1...2, listeningOn: "127.0.0.1")
        #expect(status == 0 && output.contains("statuses     200: 20\n"), "\(output)\(errors)")
        #expect(output.contains("\nNo request went to 127.0.0.2:18080 (Connection refused): it took no connection before the load, "))
    }

    /// Loads a name that leads to addresses of a namespace of its own.
    private static func load(
        _ flags: String,
        addresses: ClosedRange<Int>,
        listeningOn host: String
    ) throws -> (status: Int32, output: String, errors: String) {
        let posthorn = try PosthornProcess()
        let (ready, hosts) = (posthorn.directory.file("ready"), posthorn.directory.file("hosts"))
        try #require(mkfifo(ready, 0o600) == 0)
        _ = posthorn.write(addresses.map { "127.0.0.\($0) many.test\n" }.joined(), to: "hosts")
        let receiver = posthorn.write(receiver.replacing("0.0.0.0", with: host), to: "receiver.py")
        let script = """
            ip link set lo up
            mount --bind \(hosts) /etc/hosts
            timeout 60 python3 \(receiver) \(ready) &
            read -r word < \(ready)
            timeout 50 "$0" load http://many.test:18080/ \(flags)
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
        return (run.wait(), posthorn.contents(files[1]), posthorn.contents(files[2]))
    }
}
