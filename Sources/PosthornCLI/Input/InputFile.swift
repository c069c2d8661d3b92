import Glibc

/// A file that a command reads, or the standard input.
final class InputFile {
    /// For messages.
    let name: String
    let descriptor: Int32

    /// Opens it. `-` and `/dev/stdin` are the standard input.
    /// - Throws: ``InputFileProblem`` when it cannot be opened.
    init(_ path: String) throws(InputFileProblem) {
        if path == "-" || path == "/dev/stdin" {
            name = "standard input"
            descriptor = 0
            return
        }
        name = Visible.text(path)
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

    /// Appends what is there, at most `count` bytes, waiting when there is nothing.
    /// - Returns: How many came; 0 at the end.
    func read(_ count: Int, into bytes: inout [UInt8]) throws(InputFileProblem) -> Int {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: count))
        while true {
            let got = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress?.advanced(by: start), count) }
            if got < 0 && errno == EINTR { continue }
            let failure = errno
            bytes.removeLast(count - max(0, got))
            if got < 0 { throw InputFileProblem(name: name, doing: "read", failure) }
            return got
        }
    }

    /// The whole file.
    /// - Parameter limitBytes: More than this is refused, without reading on.
    func contents(limitBytes: Int) throws(InputFileProblem) -> [UInt8] {
        var bytes: [UInt8] = []
        while try read(65_536, into: &bytes) > 0 {
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
        description = "\(name) is larger than \(Words.bytes(UInt64(limitBytes))), the most that is read; split it"
    }
}
