import Glibc
import PosthornBenchReports
import PosthornModel

/// The benchmarks' receiver alone, for other programs to be measured against.
enum ReceiveCommand {
    static let name = "receive"
    static let summary = "no benchmark: the receiver of all of them, until it is stopped"
    private static let help = """
        Usage: posthorn-bench receive [--port N]

        Answers every request with 200 and forgets it, on every address, until it is stopped. It takes next to nothing of the
        machine, so that what is measured is the sender. Prints its port first.

        \(BenchCommand.columns([("--port N", "where it listens (9999); 0 for any port that is free")]))

        Example: posthorn-bench receive --port 9999 & wrk -t2 -c64 -d10s http://127.0.0.1:9999/
        """

    static func run(_ arguments: ArraySlice<String>) throws {
        if arguments.contains("--help") { return print(help) }
        let (listener, port) = try Sink.listen(on: try self.port(arguments))
        print("listening on port \(port)")
        fflush(nil)
        ProcessFile.raiseDescriptorLimit()
        Sink.loop(listener)
    }

    private static func port(_ arguments: ArraySlice<String>) throws -> UInt16 {
        var arguments = arguments
        guard let flag = arguments.popFirst() else { return 9999 }
        guard flag == "--port" else {
            throw BenchProblem.usage("\(InputProblem.printable(flag)) is not known here; see posthorn-bench receive --help")
        }
        guard let text = arguments.popFirst(), let port = UInt16(text), arguments.isEmpty else {
            throw BenchProblem.usage("--port wants one number from 0 to 65535 behind it, and nothing after that")
        }
        return port
    }
}
