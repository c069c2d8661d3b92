import Glibc
import PosthornBenchReports

/// Files that a benchmark leaves behind because it was asked to.
enum TextFile {
    /// Writes a whole file, in place of what was there.
    static func write(_ text: String, to path: String) throws {
        guard let file = fopen(path, "w") else { throw BenchProblem("\(path): \(String(cString: strerror(errno)))") }
        let isWritten = fputs(text, file) >= 0
        guard fclose(file) == 0, isWritten else { throw BenchProblem("\(path): \(String(cString: strerror(errno)))") }
    }
}
