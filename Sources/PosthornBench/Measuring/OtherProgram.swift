import Glibc
import PosthornBenchReports
import PosthornSystem

/// A program that does the same job, run beside the engine for comparison.
struct OtherProgram {
    /// A command for the shell, with marks such as `{port}` to be replaced.
    let command: String

    /// Runs it at a receiver.
    /// - Parameter caFile: The authorities that the receiver's certificates are to be judged by.
    func run(port: Int, caFile: String?) throws -> Findings {
        try run(["port": "\(port)", "ca": caFile ?? ""])
    }

    /// Runs it in a folder of its own, which is the mark `{folder}`.
    func run(_ marks: [String: String]) throws -> Findings {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let filled = CommandTemplate.filled(command, marks.merging(["folder": folder.path]) { $1 })
        guard let pipe = popen(filled, "r") else { throw BenchProblem("popen: \(String(cString: strerror(errno)))") }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&part, 1, part.count, pipe), count > 0 { bytes += part.prefix(count) }
        let status = pclose(pipe)
        guard status == 0 else { throw BenchProblem("the command of --against ended with status \(status >> 8): \(filled)") }
        return try Findings(output: bytes)
    }
}
