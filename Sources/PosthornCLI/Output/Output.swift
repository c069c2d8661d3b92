import PosthornText
import Glibc

/// The standard output, buffered. When nobody reads it any more, the program ends quietly.
final class Output {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private let onFailure: (Int32) -> Never

    private static let bufferBytes = 65_536

    /// The status that a shell shows for a program that a closed pipe ended (128 + SIGPIPE), as other tools give it.
    static let closedPipeStatus: Int32 = 141

    /// - Parameters:
    ///   - descriptor: Where bytes go.
    ///   - onFailure: Ends the program; gets the error number.
    init(descriptor: Int32 = 1, onFailure: @escaping (Int32) -> Never = Output.leave) {
        self.descriptor = descriptor
        self.onFailure = onFailure
    }

    /// The terminal's width in columns; `nil` when the output is none.
    var terminalWidth: Int? { Terminal.width(of: descriptor) }

    func write(_ text: String) { write(Array(text.utf8)) }

    func write(_ bytes: [UInt8]) {
        buffer += bytes
        if buffer.count >= Self.bufferBytes { flush() }
    }

    func write(_ line: JSONLine) { write(line.bytes) }

    /// Hands everything to the system.
    func flush() {
        let failure = Descriptor.write(buffer, to: descriptor)
        buffer.removeAll(keepingCapacity: true)
        if let failure { onFailure(failure) }
    }

    /// How long a program that ends waits for a reader.
    static let lastMilliseconds: Int64 = 2000

    /// Hands everything to the system, as far as it is read soon: for a program that must end whatever its reader does.
    /// - Returns: Whether all was taken.
    func flushSoon() -> Bool {
        guard let output = try? PatientOutput(descriptor: descriptor) else { return false }
        output.waitAtMost(milliseconds: Self.lastMilliseconds)
        defer { buffer.removeAll() }
        return output.write(buffer) == buffer.count
    }

    static func leave(_ error: Int32) -> Never {
        if error == EPIPE { exit(closedPipeStatus) }
        ErrorOutput.line("posthorn: cannot write to the standard output: \(String(cString: strerror(error)))")
        exit(1)
    }
}

/// Lines for people who watch: the standard error. When it is gone, nothing can be said any more, and nothing is.
enum ErrorOutput {
    static func line(_ text: String) { raw(text + "\n") }

    static func raw(_ text: String) { _ = Descriptor.write(Array(text.utf8), to: 2) }

    /// The last line of a program that ends, which a reader who does not read must not keep from ending.
    static func lastLine(_ text: String) {
        guard let output = try? PatientOutput(descriptor: 2) else { return line(text) }
        output.waitAtMost(milliseconds: Output.lastMilliseconds)
        _ = output.write(Array((text + "\n").utf8))
    }
}

/// Whole writes to a descriptor.
enum Descriptor {
    /// - Returns: The error number, if it failed.
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        bytes.withUnsafeBytes { all in
            var rest = all[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count >= 0 {
                    rest = rest.dropFirst(count)
                } else if errno == EAGAIN {
                    var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&ready, 1, -1)
                } else if errno != EINTR {
                    return errno
                }
            }
            return nil
        }
    }

    /// Gives each closed standard descriptor a stand-in that refuses use, so that no file or socket of the program takes
    /// its number and gets text that was meant for people.
    static func occupyStandardOnes() {
        for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
            _ = open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY)
        }
    }
}

/// What is known about a terminal.
enum Terminal {
    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Columns; `nil` when the descriptor is no terminal or does not say.
    static func width(of descriptor: Int32) -> Int? {
        var size = winsize()
        guard isTerminal(descriptor), ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}
