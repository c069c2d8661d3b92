import Glibc
import PosthornModel

/// `posthorn-bench`: what the engine can do on this machine, with a receiver of its own beside it.
let usage = """
    Usage: posthorn-bench deliver [--events N] [--fan-out N] [--endpoints N] [--payload BYTES] [--threads N] [--json]

    Writes a backlog into an outbox in a temporary folder, delivers it to a receiver in a process of its own on this
    machine, every attempt recorded with synchronous=FULL, and prints what that took.

      --events N       events in the backlog (30000)
      --fan-out N      endpoints that get each event (3)
      --endpoints N    endpoints in all (201)
      --payload BYTES  size of an event's data (1200)
      --threads N      sender threads (2)
      --json           one JSON object instead of a table

    Example: posthorn-bench deliver --events 30000 --endpoints 201
    """

func fail(_ message: String, _ status: Int32) -> Never {
    _ = "posthorn-bench: \(message)\n".withCString { write(2, $0, strlen($0)) }
    exit(status)
}

func number(_ text: String?, _ flag: String) -> Int {
    guard let text, let value = Int(text), value > 0 else { fail("\(flag) wants a whole number above 0, not \(text ?? "nothing")", 2) }
    return value
}

var arguments = CommandLine.arguments.dropFirst()
switch arguments.popFirst() {
case "sink": Sink.serve()
case "deliver": break
case nil, "--help", "help":
    print(usage)
    exit(0)
case let other?: fail("there is no benchmark \(InputProblem.printable(other)); see posthorn-bench --help", 2)
}

var benchmark = DeliverBenchmark()
benchmark.endpoints = 201
var wantsJSON = false
while let flag = arguments.popFirst() {
    switch flag {
    case "--events": benchmark.events = number(arguments.popFirst(), flag)
    case "--fan-out": benchmark.fanOut = number(arguments.popFirst(), flag)
    case "--endpoints": benchmark.endpoints = number(arguments.popFirst(), flag)
    case "--payload": benchmark.payloadBytes = number(arguments.popFirst(), flag)
    case "--threads": benchmark.threads = number(arguments.popFirst(), flag)
    case "--json": wantsJSON = true
    case "--help":
        print(usage)
        exit(0)
    default: fail("\(InputProblem.printable(flag)) is not known here; see posthorn-bench --help", 2)
    }
}
if benchmark.endpoints % benchmark.fanOut != 0 { fail("--endpoints must be a multiple of --fan-out", 2) }

do {
    let sink = try SinkProcess()
    defer { sink.end() }
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let report = try benchmark.run(port: sink.port, folder: folder.path)
    print(wantsJSON ? report.json(benchmark) : report.table(benchmark))
} catch {
    fail("\(error)", 1)
}
