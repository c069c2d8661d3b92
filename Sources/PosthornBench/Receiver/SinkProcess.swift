import PosthornBenchReports

/// The receiver, running in a process of its own.
struct SinkProcess {
    let port: Int
    private let process: ChildProcess

    init() throws { (process, port) = try ChildProcess.printingPort([Sink.subcommand], "the receiver") }

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
