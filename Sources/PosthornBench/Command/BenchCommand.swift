import Glibc
import PosthornText
import PosthornBenchReports
import PosthornModel

/// Finds the benchmark that was asked for, runs it and prints what it found.
enum BenchCommand {
    /// Every benchmark, in the order of the list.
    static var all: [any Benchmark.Type] {
        var all: [any Benchmark.Type] = [
            DeliverBenchmark.self, SendBenchmark.self, EmitBenchmark.self, LatencyBenchmark.self, BusyBenchmark.self, PruneBenchmark.self,
            StallBenchmark.self,
            HostileBenchmark.self, LoadBenchmark.self, BacklogBenchmark.self, GrowBenchmark.self, DiskBenchmark.self, IdleBenchmark.self,
            CallsBenchmark.self, SignBenchmark.self, APIBenchmark.self, ListsBenchmark.self, DashboardBenchmark.self, FloodBenchmark.self,
            ServeBenchmark.self,
            ScheduleBenchmark.self, InstructionsBenchmark.self,
        ]
        #if PostgreSQL
        all.append(PostgresBenchmark.self)
        #endif
        return all
    }

    /// What `posthorn-bench --help` prints.
    static var help: String {
        """
        Usage: posthorn-bench BENCHMARK [OPTIONS]

        What Posthorn can do on this machine. Each benchmark works in a temporary folder, with a receiver of its own in a
        process of its own where it needs one, and prints a table, or JSON with --json.

        \(columns(all.map { ($0.name, $0.summary) } + [(ReceiveCommand.name, ReceiveCommand.summary)]))

        posthorn-bench BENCHMARK --help explains its options.
        """
    }

    static func main(_ arguments: ArraySlice<String>) -> Never {
        do {
            try run(arguments)
            exit(0)
        } catch let problem as BenchProblem {
            fail(problem.description, problem.exitStatus)
        } catch {
            fail("\(error)", 1)
        }
    }

    private static func run(_ arguments: ArraySlice<String>) throws {
        var arguments = arguments
        guard let name = arguments.popFirst(), name != "--help", name != "help" else { return print(help) }
        // The receiver beside a benchmark is this program again, and so is whatever has a process of its own.
        if name == Sink.subcommand { try Sink.serve() }
        if name == AnsweringProcess.subcommand { try AnsweringProcess.serve() }
        if name == NginxProcess.subcommand { try NginxProcess.serve(arguments) }
        if name == EngineServer.subcommand { try EngineServer.serve(arguments) }
        if name == InstructionWorkload.subcommand { return try InstructionWorkload.serve(arguments) }
        if name == ReceiveCommand.name { return try ReceiveCommand.run(arguments) }
        guard let benchmark = all.first(where: { $0.name == name }) else {
            throw BenchProblem.usage("there is no benchmark \(InputProblem.printable(name)); see posthorn-bench --help")
        }
        try run(benchmark, arguments)
    }

    private static func run<Chosen: Benchmark>(_ type: Chosen.Type, _ arguments: ArraySlice<String>) throws {
        var wantsJSON = false
        var gate: Gate?
        if arguments.contains("--help") { return print(type.help) }
        let benchmark = try type.reading(arguments) { flag, value in
            switch flag {
            case "--json": wantsJSON = true
            case "--gate": gate = try Gate(try value())
            default:
                throw BenchProblem.usage(
                    "\(InputProblem.printable(flag)) is not known here; see posthorn-bench \(type.name) --help"
                )
            }
        }
        let result = try benchmark.run()
        print(wantsJSON ? result.json : result.table)
        try gate?.check(result)
    }

    /// Two aligned columns, indented.
    static func columns(_ rows: [(String, String)]) -> String {
        TextColumns.lines(rows.map { [$0.0, $0.1] }, indent: "  ").joined(separator: "\n")
    }

    private static func fail(_ message: String, _ status: Int32) -> Never {
        _ = "posthorn-bench: \(message)\n".withCString { write(2, $0, strlen($0)) }
        exit(status)
    }
}
