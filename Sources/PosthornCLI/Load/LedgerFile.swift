import Glibc
import PosthornSystem

/// The file in which `posthorn receive` writes down what it has processed. Each line is in it before its answer goes out.
final class LedgerFile: Sendable {
    private let descriptor: Int32

    /// Opens the file, to write behind what stands in it.
    init(_ path: String) throws(OutputFileProblem) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        if descriptor < 0 { throw OutputFileProblem(path, errno) }
    }

    deinit { close(descriptor) }

    /// Writes a line, so many times; from any thread, since a line appended by one call stays whole.
    /// - Returns: The system's error number when it could not be written.
    func write(_ line: [UInt8], times: Int) -> Int32? {
        var lines: [UInt8] = []
        for _ in 0..<times { lines += line }
        return lines.isEmpty ? nil : Descriptor.write(lines, to: descriptor)
    }
}
