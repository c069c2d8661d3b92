import CPosthornLinux
import Glibc
import Posthorn
import PosthornBenchReports
import PosthornSystem

/// The other side of ``EngineProcess``: an engine that answers each line of its standard input with one of numbers.
enum EngineServer {
    /// What makes this program that engine.
    static let subcommand = "engine"

    static func serve(_ arguments: ArraySlice<String>) throws -> Never {
        guard let path = arguments.first else { throw BenchProblem.usage("\(subcommand) wants a database") }
        _ = posthorn_end_with_parent()
        let outbox = try Outbox(path: path, creating: false)
        let configuration = EngineConfiguration(sender: try Workload.senderConfiguration(threads: 2))
        let engine = try Engine(outbox: outbox, configuration: configuration)
        try engine.start()
        while let line = readLine() {
            let words = line.split(separator: " ")
            switch (words.first, words.count) {
            case ("emit", 3):
                let data = Workload(payloadBytes: Int(words[2]) ?? 0).data
                let start = MonotonicClock.nanoseconds()
                _ = try outbox.emit(NewEvent(type: String(words[1]), node: "bench", data: data))
                answer("\(start)")
            case ("deliver", 3):
                answer(deliver(engine, total: Int(words[1]) ?? 0, seconds: Int(words[2]) ?? 0))
            default:
                throw BenchProblem.usage("\(subcommand) does not know \(line)")
            }
        }
        exit(0)
    }

    private static func deliver(_ engine: Engine, total: Int, seconds: Int) -> String {
        var delivered = engine.statistics.delivered
        while delivered == 0 {
            usleep(200)
            delivered = engine.statistics.delivered
        }
        let (first, start, cpu) = (delivered, MonotonicClock.nanoseconds(), cpuNanoseconds())
        let end = start + Int64(seconds) * 1_000_000_000
        while delivered < total, MonotonicClock.nanoseconds() < end {
            usleep(500)
            delivered = engine.statistics.delivered
        }
        return "\(delivered - first) \(MonotonicClock.nanoseconds() - start) \(cpuNanoseconds() - cpu)"
    }

    private static func answer(_ text: String) {
        print(text)
        fflush(nil)
    }

    /// Processor time of this process so far.
    private static func cpuNanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
