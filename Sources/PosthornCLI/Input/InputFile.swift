import Glibc

/// A file that a command reads, or the standard input.
final class InputFile {
    /// For messages.
    let name: String
    let descriptor: Int32
    private var chunk: [UInt8] = []

    private static let chunkBytes = 1 << 18

    /// Opens it. `-` and `/dev/stdin` are the standard input.
    /// - Throws: ``InputFileProblem`` when it cannot be opened.
    init(_ path: String) throws(InputFileProblem) {
        if path == "-" || path == "/dev/stdin" {
            name = "standard input"
            descriptor = 0
            return
        }
        name = TerminalText.text(path)
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw InputFileProblem(name: name, doing: "open", errno) }
    }

    deinit { if descriptor > 0 { close(descriptor) } }

    /// How many bytes it has, for progress; `nil` when that is not known.
    var size: Int? {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(facts.st_size)
    }

    /// Whether a read would return at once.
    var isReadable: Bool {
        var set = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&set, 1, 0) != 0
    }

    /// Appends what is there, waiting when there is nothing.
    /// - Returns: How many bytes came; 0 at the end.
    func read(into bytes: inout [UInt8]) throws(InputFileProblem) -> Int {
        if chunk.isEmpty { chunk = [UInt8](repeating: 0, count: Self.chunkBytes) }
        while true {
            let got = Glibc.read(descriptor, &chunk, chunk.count)
            if got < 0 && errno == EINTR { continue }
            if got < 0 { throw InputFileProblem(name: name, doing: "read", errno) }
            bytes.append(contentsOf: chunk[..<got])
            return got
        }
    }

    /// The whole file.
    /// - Parameter limitBytes: More than this is refused, without reading on.
    func contents(limitBytes: Int) throws(InputFileProblem) -> [UInt8] {
        var bytes: [UInt8] = []
        while try read(into: &bytes) > 0 {
            if bytes.count > limitBytes { throw InputFileProblem(name: name, limitBytes: limitBytes) }
        }
        return bytes
    }
}

/// A file could not be read.
struct InputFileProblem: Error, CustomStringConvertible {
    let description: String

    init(name: String, doing: String, _ error: Int32) {
        description = "cannot \(doing) \(name): \(String(cString: strerror(error)))"
    }

    init(name: String, limitBytes: Int) {
        description = "\(name) is larger than \(HumanText.bytes(UInt64(limitBytes))), the most that is read; split it"
    }
}
