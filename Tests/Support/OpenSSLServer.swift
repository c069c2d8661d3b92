import Glibc
import PosthornSystem

/// `openssl s_server` as a receiver behind TLS: it answers a GET with a page and the status 200.
///
/// It is another implementation's TLS, so what it and the sender agree on is not our own mistake twice.
public final class OpenSSLServer: @unchecked Sendable {
    // `output` is read before `init` returns and closed by `deinit`; nothing is written in between.

    /// The port it listens on.
    public let port: UInt16
    private let process: pid_t
    private let output: Int32

    /// Whether the `openssl` program is there; tests that need it are skipped without it.
    public static let isAvailable: Bool = (try? run(["version"])) != nil

    /// Starts the server.
    ///
    /// - Parameters:
    ///   - certificate: A PEM file with the certificate and its key.
    ///   - options: More arguments for `openssl s_server`.
    public init(certificate: String, options: [String] = []) throws {
        let arguments = ["s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", certificate, "-www"]
        (process, output) = try Self.spawn(arguments + options)
        var text = ""
        var byte: UInt8 = 0
        var found: UInt16?
        while found == nil, read(output, &byte, 1) == 1 {
            text.unicodeScalars.append(Unicode.Scalar(byte))
            if byte == 10 {
                if text.hasPrefix("ACCEPT "), let colon = text.lastIndex(of: ":") {
                    found = UInt16(text[text.index(after: colon)...].dropLast())
                }
                text = ""
            }
        }
        guard let found else { throw SystemProblem("openssl s_server", ECHILD) }
        port = found
    }

    deinit {
        kill(process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
        close(output)
    }

    /// `https://127.0.0.1:<port>/`
    public var url: String { "https://127.0.0.1:\(port)/" }

    /// Makes a self-signed certificate with its key in one PEM file.
    ///
    /// - Parameters:
    ///   - path: The file to write.
    ///   - name: The common name.
    ///   - alternative: The subject alternative name, such as `IP:127.0.0.1`; `nil` for none.
    ///   - days: How long it is valid from now on; a negative number for one that has expired.
    public static func makeCertificate(_ path: String, name: String, alternative: String?, days: Int) throws {
        let (key, request, extensions) = (path + ".key", path + ".csr", path + ".ext")
        let subject = "/CN=\(name)"
        try run(["req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", subject])
        try write(alternative.map { "subjectAltName=\($0)\n" } ?? "keyUsage=digitalSignature\n", to: extensions)
        try run([
            "x509", "-req", "-in", request, "-signkey", key, "-days", "\(days)", "-extfile", extensions, "-out", path + ".crt",
        ])
        try write(try contents(of: key) + contents(of: path + ".crt"), to: path)
    }

    @discardableResult
    private static func run(_ arguments: [String]) throws -> Int32 {
        let (process, output) = try spawn(arguments)
        var byte: UInt8 = 0
        while read(output, &byte, 1) == 1 {}
        close(output)
        var status: Int32 = 0
        waitpid(process, &status, 0)
        if status != 0 { throw SystemProblem("openssl \(arguments.first ?? "")", ECHILD) }
        return status
    }

    private static func spawn(_ arguments: [String]) throws -> (pid_t, Int32) {
        var ends: [Int32] = [0, 0]
        if pipe(&ends) != 0 { throw SystemProblem("pipe", errno) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for end in ends { posix_spawn_file_actions_addclose(&actions, end) }
        var words: [UnsafeMutablePointer<CChar>?] = (["openssl"] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process = pid_t()
        let status = posix_spawnp(&process, "openssl", &actions, nil, &words, environ)
        close(ends[1])
        if status != 0 {
            close(ends[0])
            throw SystemProblem("posix_spawnp openssl", status)
        }
        _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
        return (process, ends[0])
    }

    private static func write(_ text: String, to path: String) throws {
        guard let file = fopen(path, "w") else { throw SystemProblem("fopen \(path)", errno) }
        fputs(text, file)
        fclose(file)
    }

    private static func contents(of path: String) throws -> String {
        guard let file = fopen(path, "r") else { throw SystemProblem("fopen \(path)", errno) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while case let byte = fgetc(file), byte >= 0 { bytes.append(UInt8(byte)) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
