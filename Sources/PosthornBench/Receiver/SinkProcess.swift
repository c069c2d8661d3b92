import Glibc
import PosthornBenchReports

/// The receiver, running in a process of its own.
struct SinkProcess {
    let port: Int
    private let process: ChildProcess

    init() throws {
        var pipes: [Int32] = [0, 0]
        guard pipe(&pipes) == 0 else { throw BenchProblem("pipe: \(String(cString: strerror(errno)))") }
        for end in pipes { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(pipes[0]) }
        do {
            defer { close(pipes[1]) }
            process = try ChildProcess([Sink.subcommand], output: pipes[1])
        }
        var line = [UInt8](repeating: 0, count: 16)
        let count = read(pipes[0], &line, line.count)
        guard let port = Int(String(decoding: line.prefix(max(0, count)), as: UTF8.self).filter(\.isNumber)) else {
            throw BenchProblem("the receiver names no port")
        }
        self.port = port
    }

    func end() { process.end() }

    /// How many connections it has taken, the one of this question left out.
    func acceptedConnections() throws -> Int {
        let answer = try LocalRequest.get(Sink.countPath, fromPort: port)
        guard let count = answer.split(whereSeparator: \.isNewline).last.flatMap({ Int($0) }) else {
            throw BenchProblem("the receiver does not say how many connections it has taken")
        }
        return count
    }
}
