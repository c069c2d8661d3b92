import PosthornSystem

/// Python's HTTPS server, which says whose certificate each request's connection was opened with.
public final class PythonTLSServer: @unchecked Sendable {
    // Set in `init` and only used by the one test that made it.

    /// The port it listens on.
    public let port: UInt16
    private let child: PipedProcess

    /// One request that has come.
    public struct Request: Equatable, Sendable {
        /// Which connection it came on, counted from 1.
        public let connection: Int
        /// The common name in the client's certificate; empty when it showed none.
        public let client: String
        /// GET or POST.
        public let method: String
    }

    /// Whether there is a Python with TLS; tests that need it are skipped without it.
    public static let isAvailable: Bool = (try? PipedProcess("python3", ["-c", "import ssl"]).wait()) == 0

    /// Starts it. Every request is answered with 200; with what its `echo_string` says, or with the
    /// client's name in a JSON object.
    ///
    /// - Parameters:
    ///   - certificate: A PEM file with the server's certificate and key.
    ///   - clients: A PEM file with the certificates of clients that are trusted.
    ///   - isDemanding: Whether a client without a certificate is turned away.
    public init(certificate: String, clients: String, isDemanding: Bool) throws {
        child = try PipedProcess("python3", ["-c", Self.program, certificate, clients, isDemanding ? "demand" : ""])
        guard let line = child.line(), let port = UInt16(line) else { throw SystemProblem("python3", 10) }
        self.port = port
    }

    /// `https://127.0.0.1:<port>/`
    public var url: String { "https://127.0.0.1:\(port)/" }

    /// Waits for the next request; `nil` when the server has ended.
    public func nextRequest() -> Request? {
        guard let words = child.line()?.split(separator: " ", omittingEmptySubsequences: false), words.count == 3 else { return nil }
        return Int(words[0]).map { Request(connection: $0, client: String(words[1]), method: String(words[2])) }
    }

    private static let program = """
        import http.server, itertools, json, ssl, sys, threading, urllib.parse
        certificate, clients, mode = sys.argv[1:4]
        numbers, printing = itertools.count(1), threading.Lock()
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def setup(self):
                super().setup()
                self.number = next(numbers)
            def answer(self):
                self.rfile.read(int(self.headers.get("content-length") or 0))
                subject = (self.connection.getpeercert() or {}).get("subject", ())
                name = "".join(value for part in subject for key, value in part if key == "commonName")
                with printing:
                    print(self.number, name, self.command, flush=True)
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
                body = query.get("echo_string", [json.dumps({"client": name})])[0].encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            do_GET = do_POST = answer
            def log_message(self, *words):
                pass
        class Server(http.server.ThreadingHTTPServer):
            def finish_request(self, request, address):
                with context.wrap_socket(request, server_side=True) as connection:
                    super().finish_request(connection, address)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED if mode else ssl.CERT_OPTIONAL
        server = Server(("127.0.0.1", 0), Handler)
        print(server.server_address[1], flush=True)
        server.serve_forever()
        """
}
