import Glibc
import PosthornModel
public import PosthornText
import PosthornSystem

/// aiosmtpd, the SMTP server of the Python world, with Python's own mail parser as the judge of what arrives.
///
/// It lives in a virtual environment below the build folder, which the first test that needs it makes.
public final class PythonSMTPServer: @unchecked Sendable {
    // Set in `init` and only used by the one test that made it.

    /// The port it listens on.
    public let port: UInt16
    private let child: PipedProcess

    /// How the server is to be.
    public struct Options: Sendable {
        /// A PEM file with certificate and key; `nil` for a server without TLS.
        public var certificate: String?
        /// TLS from the start instead of STARTTLS.
        public var isImplicitTLS = false
        /// User and password that it demands.
        public var login: (user: String, password: String)?
        /// Recipients that it refuses for good.
        public var refused: [String] = []

        /// A server without TLS and login that takes everything.
        public init() {}
    }

    /// Starts it.
    public init(_ options: Options = Options()) throws {
        guard let python = Self.python else { throw SystemProblem("aiosmtpd", ENOENT) }
        let login = options.login.map { [$0.user, $0.password] } ?? ["", ""]
        let words = [options.certificate ?? "", options.isImplicitTLS ? "tls" : "", options.refused.joined(separator: ",")]
        child = try PipedProcess(python, ["-c", Self.program] + words + login)
        guard let line = child.line(), let port = UInt16(line) else { throw SystemProblem("aiosmtpd", ECHILD) }
        self.port = port
    }

    /// The next mail, as Python's parser reads it.
    public func nextMail() throws -> [String: JSONValue]? {
        guard let line = child.line(), case .object(let members) = try JSONValue.parse(Array(line.utf8)) else { return nil }
        return Dictionary(members.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    /// The interpreter that has aiosmtpd; made once. `nil` where there is no python3 or no way to the package index.
    public static let python: String? = {
        let folder = buildFolder + "/judges/aiosmtpd"
        let python = folder + "/bin/python"
        if access(folder + "/ready", F_OK) == 0 { return python }
        for (program, words) in [
            ("python3", ["-m", "venv", folder]), (folder + "/bin/pip", ["install", "--quiet", "aiosmtpd==1.4.6"]),
            (python, ["-c", "import aiosmtpd.smtp, pathlib; pathlib.Path('\(folder)/ready').touch()"]),
        ] {
            guard let child = try? PipedProcess(program, words), child.wait() == 0 else { return nil }
        }
        return python
    }()

    /// Whether a test that has no judge must fail: on a build server.
    public static let isDemanded = getenv("CI") != nil

    private static let buildFolder: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(3).joined(separator: "/") + "/.build"
    }()

    private static let program = """
        import asyncio, email, email.policy, json, ssl, sys
        from aiosmtpd.smtp import SMTP, AuthResult
        certificate, mode, refused, user, password = sys.argv[1:6]
        context = None
        if certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
        class Handler:
            async def handle_RCPT(self, server, session, envelope, address, options):
                if address in refused.split(","):
                    return "550 5.1.1 " + address + " is not known here"
                envelope.rcpt_tos.append(address)
                return "250 OK"
            async def handle_DATA(self, server, session, envelope):
                mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
                parts = list(mail.walk())
                print(json.dumps({
                    "from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None,
                    "user": session.auth_data.login.decode() if session.auth_data else None,
                    "headers": {name: str(value) for name, value in mail.items()}, "names": mail.keys(),
                    "defects": [str(d) for p in parts for d in p.defects] + [str(d) for v in mail.values() for d in v.defects],
                    "types": [p.get_content_type() for p in parts],
                    "text": mail.get_body(("plain",)).get_content().replace("\\r\\n", "\\n"),
                    "html": mail.get_body(("html",)).get_content().replace("\\r\\n", "\\n"),
                    "longest": max(len(line) for line in envelope.content.split(b"\\r\\n")),
                }), flush=True)
                return "250 taken"
        def login(server, session, envelope, mechanism, data):
            good = data.login.decode() == user and data.password.decode() == password
            return AuthResult(success=good, auth_data=data if good else None, handled=False)
        def session():
            implicit = mode == "tls"
            return SMTP(Handler(), hostname="judge.example", tls_context=None if implicit else context,
                authenticator=login if user else None, auth_required=bool(user), auth_require_tls=not implicit)
        async def main():
            loop = asyncio.get_running_loop()
            server = await loop.create_server(session, "127.0.0.1", 0, ssl=context if mode == "tls" else None)
            print(server.sockets[0].getsockname()[1], flush=True)
            await server.serve_forever()
        asyncio.run(main())
        """
}

/// A child process whose standard output is read line by line; killed when the value goes away.
final class PipedProcess {
    private let process: pid_t
    private let output: Int32
    private var buffer: [UInt8] = []
    private var isOver = false

    init(_ program: String, _ arguments: [String]) throws {
        var ends: [Int32] = [0, 0]
        if pipe(&ends) != 0 { throw SystemProblem("pipe", errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        closeForeignDescriptors(&actions)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process = pid_t()
        let status = posix_spawnp(&process, program, &actions, nil, &words, environ)
        close(ends[1])
        if status != 0 {
            close(ends[0])
            throw SystemProblem("posix_spawnp \(program)", status)
        }
        (self.process, output) = (process, ends[0])
    }

    /// The next line; `nil` at the end.
    func line() -> String? {
        while true {
            if let end = buffer.firstIndex(of: 0x0A) {
                defer { buffer.removeFirst(end + 1) }
                return String(decoding: buffer[..<end], as: UTF8.self)
            }
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = read(output, &chunk, chunk.count)
            if count <= 0 { return nil }
            buffer += chunk[..<count]
        }
    }

    /// Sends it a signal.
    func signal(_ number: Int32) { kill(process, number) }

    /// Waits for its end and returns its status.
    func wait() -> Int32 {
        while line() != nil {}
        return reap()
    }

    private func reap() -> Int32 {
        var status: Int32 = 0
        if !isOver { waitpid(process, &status, 0) }
        isOver = true
        return status
    }

    deinit {
        if !isOver { kill(process, SIGKILL) }
        _ = reap()
        close(output)
    }
}
