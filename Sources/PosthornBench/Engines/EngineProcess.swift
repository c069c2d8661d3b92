import Glibc
import PosthornBenchReports

/// An engine alone in a process, so that its memory and its time are nobody else's; told what to do over a pipe.
struct EngineProcess {
    private let process: ChildProcess
    private let commands: Int32
    private let answers: UnsafeMutablePointer<FILE>

    /// What an engine did between its first delivery and the end of a wait.
    struct Delivered {
        let count: Int
        let seconds: Double
        let cpuSeconds: Double

        var perSecond: Double { seconds > 0 ? Double(count) / seconds : 0 }
        var cpuMicroseconds: Double { cpuSeconds / Double(max(1, count)) * 1e6 }
    }

    /// Starts an engine on an outbox that is there.
    init(database: String) throws {
        let toEngine = try Self.pipePair()
        let fromEngine = try Self.pipePair()
        defer {
            close(toEngine.reading)
            close(fromEngine.writing)
        }
        process = try ChildProcess([EngineServer.subcommand, database], input: toEngine.reading, output: fromEngine.writing)
        commands = toEngine.writing
        guard let stream = fdopen(fromEngine.reading, "r") else { throw BenchProblem("fdopen: \(String(cString: strerror(errno)))") }
        answers = stream
    }

    /// Kills it.
    func end() {
        process.end()
        close(commands)
        fclose(answers)
    }

    /// The most memory that it has had in use, in MiB.
    var peakResidentMebibytes: Double { Double(ProcessFile.number("VmHWM", in: "/proc/\(process.id)/status") ?? 0) / 1024 }

    /// Lets it store one event and says when it began to, as `MonotonicClock` counts.
    func emit(type: String, bytes: Int) throws -> Int64 {
        Int64(try ask("emit \(type) \(bytes)", numbers: 1)[0])
    }

    /// Waits until it has delivered so many since its start, or for so long after its first one.
    func deliver(_ total: Int, seconds: Int) throws -> Delivered {
        let numbers = try ask("deliver \(total) \(seconds)", numbers: 3)
        return Delivered(count: numbers[0], seconds: Double(numbers[1]) / 1e9, cpuSeconds: Double(numbers[2]) / 1e9)
    }

    private func ask(_ command: String, numbers: Int) throws -> [Int] {
        let line = "\(command)\n"
        _ = line.withCString { write(commands, $0, strlen($0)) }
        var buffer = [CChar](repeating: 0, count: 256)
        guard fgets(&buffer, Int32(buffer.count), answers) != nil else { throw BenchProblem("the engine beside the benchmark ended early") }
        let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let found = text.split { $0 == " " || $0 == "\n" }.compactMap { Int($0) }
        guard found.count == numbers else { throw BenchProblem("the engine beside the benchmark answers \(command) with \(text)") }
        return found
    }

    private static func pipePair() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw BenchProblem("pipe: \(String(cString: strerror(errno)))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}
