import Glibc
import PosthornSystem

/// `openssl s_server` as a receiver behind TLS: it answers a GET with a page and the status 200, or says what a test writes.
///
/// It is another implementation's TLS, so what it and the sender agree on is not our own mistake twice.
public final class OpenSSLServer: @unchecked Sendable {
    // Set in `init` and only used by the one test that made it.

    /// The port it listens on.
    public let port: UInt16
    private let process: pid_t
    private let output: Int32
    private let input: Int32

    /// Whether the `openssl` program is there; tests that need it are skipped without it.
    public static let isAvailable: Bool = (try? run(["version"])) != nil

    /// Starts the server.
    ///
    /// - Parameters:
    ///   - certificate: A PEM file with the certificate and its key.
    ///   - options: More arguments for `openssl s_server`.
    ///   - isScripted: Whether answers are written with ``write(_:)``; else every GET gets a page.
    public init(certificate: String, options: [String] = [], isScripted: Bool = false) throws {
        let arguments = ["s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", certificate]
        (process, output, input) = try Self.spawn(arguments + options + (isScripted ? ["-naccept", "9"] : ["-www"]))
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
        close(input)
    }

    /// Sends these bytes to whoever is connected.
    public func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(input, bytes, bytes.count)
    }

    /// Reads what clients send until this text has come; `false` when the server has ended before.
    public func waitFor(_ text: String) -> Bool {
        let wanted = Array(text.utf8)
        var seen: [UInt8] = []
        var byte: UInt8 = 0
        while read(output, &byte, 1) == 1 {
            seen.append(byte)
            if seen.suffix(wanted.count) == wanted[...] { return true }
        }
        return false
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
    ///   - isRSA: Whether the key is one of RSA, which takes a hundred times as long to make as one on a curve.
    public static func makeCertificate(_ path: String, name: String, alternative: String?, days: Int, isRSA: Bool = false) throws {
        let (key, request, extensions) = (path + ".key", path + ".csr", path + ".ext")
        let subject = "/CN=\(name)"
        let kind = isRSA ? ["rsa:2048"] : ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        try run(["req", "-new", "-newkey"] + kind + ["-nodes", "-keyout", key, "-out", request, "-subj", subject])
        try write(alternative.map { "subjectAltName=\($0)\n" } ?? "keyUsage=digitalSignature\n", to: extensions)
        try run([
            "x509", "-req", "-in", request, "-signkey", key, "-days", "\(days)", "-extfile", extensions, "-out", path + ".crt",
        ])
        try write(try contents(of: key) + contents(of: path + ".crt"), to: path)
    }

    /// Runs `openssl` with these arguments.
    @discardableResult
    public static func run(_ arguments: [String]) throws -> Int32 {
        let (process, output, input) = try spawn(arguments)
        close(input)
        var byte: UInt8 = 0
        while read(output, &byte, 1) == 1 {}
        close(output)
        var status: Int32 = 0
        waitpid(process, &status, 0)
        if status != 0 { throw SystemProblem("openssl \(arguments.first ?? "")", ECHILD) }
        return status
    }

    private static func spawn(_ arguments: [String]) throws -> (process: pid_t, output: Int32, input: Int32) {
        let (outputEnd, childOutput) = try makePipe()
        let (childInput, inputEnd) = try makePipe()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, childInput, 0)
        posix_spawn_file_actions_adddup2(&actions, childOutput, 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        closeForeignDescriptors(&actions)
        var words: [UnsafeMutablePointer<CChar>?] = (["openssl"] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process = pid_t()
        let status = posix_spawnp(&process, "openssl", &actions, nil, &words, environ)
        close(childInput)
        close(childOutput)
        if status != 0 {
            close(outputEnd)
            close(inputEnd)
            throw SystemProblem("posix_spawnp openssl", status)
        }
        return (process, outputEnd, inputEnd)
    }

    /// A pipe that no child inherits but where it is put onto its standard input or output.
    private static func makePipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        if pipe(&ends) != 0 { throw SystemProblem("pipe", errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    /// Writes a file.
    public static func write(_ text: String, to path: String) throws {
        guard let file = fopen(path, "w") else { throw SystemProblem("fopen \(path)", errno) }
        fputs(text, file)
        fclose(file)
    }

    /// The text of a file.
    public static func contents(of path: String) throws -> String {
        guard let file = fopen(path, "r") else { throw SystemProblem("fopen \(path)", errno) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while case let byte = fgetc(file), byte >= 0 { bytes.append(UInt8(byte)) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
