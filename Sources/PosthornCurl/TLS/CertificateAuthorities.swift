import CPosthornTLS
import Glibc
import PosthornSystem
import Synchronization

/// The certificate authorities of one file, parsed once in the process and again when the file has changed.
///
/// libcurl would parse the system's bundle of 140 for each connection as long as a folder of certificates is set, and else once
/// for each of its multi handles.
package final class CertificateAuthorities: Sendable {
    private struct State {
        var store: CertificateStore?
        /// What the file was when it was last read, whatever came of that.
        var seen: FileIdentity?
        /// What is wrong with the file as it is now.
        var problem: CertificateProblem?
        var loads = 0
    }

    package let path: String
    private let state = Mutex(State())

    private static let all = Mutex<[String: CertificateAuthorities]>([:])
    private static let lastGeneration = Atomic<UInt64>(0)

    init(path: String) { self.path = path }

    /// Those of a file, the same ones for every caller in the process.
    static func of(_ path: String) -> CertificateAuthorities {
        all.withLock { all in
            if let known = all[path] { return known }
            let made = CertificateAuthorities(path: path)
            all[path] = made
            return made
        }
    }

    /// The file to trust: the configured one, the one that OpenSSL's own variable names, or the system's.
    static func path(configured: String?) -> String {
        let named = getenv("SSL_CERT_FILE").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
        return configured ?? named ?? CurlInformation.certificateAuthorityFile
    }

    /// How often the file has been parsed.
    package var loads: Int { state.withLock { $0.loads } }

    /// What is wrong with the file as it is now; connections may still be verified by what it held before.
    package var problem: CertificateProblem? { state.withLock { $0.problem } }

    /// The store for a new connection. A file that has become unreadable leaves the last good one in use: whoever replaces a
    /// file in two steps must not make every delivery fail in between.
    ///
    /// - Throws: A ``CertificateProblem`` when there is none.
    func current() throws(CertificateProblem) -> CertificateStore {
        let result = state.withLock { state -> Result<CertificateStore, CertificateProblem> in
            let identity = FileIdentity(path: path)
            if identity == nil || identity != state.seen { read(&state) }
            if let store = state.store { return .success(store) }
            return .failure(state.problem ?? CertificateProblem(reason: "holds no certificate"))
        }
        return try result.get()
    }

    private func read(_ state: inout State) {
        do throws(CertificateProblem) {
            let (content, identity) = try FileIdentity.read(path)
            state.seen = identity
            state.loads += 1
            let generation = Self.lastGeneration.wrappingAdd(1, ordering: .relaxed).newValue
            state.store = try CertificateStore(pem: content, generation: generation)
            state.problem = nil
        } catch {
            if error.isShortage { state.seen = nil }
            state.problem = error
        }
    }
}

/// Which file it is and in which state, so that a change shows without reading it.
struct FileIdentity: Hashable {
    private let device: UInt
    private let number: UInt
    private let bytes: Int
    private let changed: [Int]

    /// `nil` when the path leads nowhere.
    init?(path: String) {
        var facts = Glibc.stat()
        guard stat(path, &facts) == 0 else { return nil }
        self.init(facts)
    }

    private init(_ facts: Glibc.stat) {
        device = UInt(facts.st_dev)
        number = UInt(facts.st_ino)
        bytes = Int(facts.st_size)
        changed = [facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec, facts.st_ctim.tv_sec, facts.st_ctim.tv_nsec]
    }

    /// No bundle of certificates is larger.
    private static let limitBytes = 16 << 20

    /// A file's content with the identity that it had then.
    static func read(_ path: String) throws(CertificateProblem) -> (content: [UInt8], identity: FileIdentity) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        if file < 0 { throw problem(errno) }
        defer { close(file) }
        var facts = Glibc.stat()
        guard fstat(file, &facts) == 0 else { throw problem(errno) }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw CertificateProblem(reason: "is not a regular file") }
        guard facts.st_size <= limitBytes else { throw CertificateProblem(reason: "is larger than \(limitBytes >> 20) MiB") }
        var content = [UInt8](repeating: 0, count: Int(facts.st_size))
        var length = 0
        while length < content.count {
            let count = content.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress! + length, $0.count - length) }
            if count < 0 { throw problem(errno) }
            if count == 0 { break }
            length += count
        }
        content.removeSubrange(length...)
        return (content, FileIdentity(facts))
    }

    private static func problem(_ number: Int32) -> CertificateProblem {
        CertificateProblem(reason: "can't be read: \(SystemText.of(number))", isShortage: SystemProblem.isShortage(number))
    }
}
