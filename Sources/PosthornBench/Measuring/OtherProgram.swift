import Glibc
import PosthornModel

/// A program that does the same job, run beside the engine for comparison.
struct OtherProgram {
    /// A command for the shell, with `{port}` and `{folder}` to be replaced.
    let command: String

    /// What it found: its last line of JSON.
    struct Findings {
        /// Deliveries a second (`rps`).
        let perSecond: Double
        /// CPU µs a delivery (`cus`).
        let cpuMicroseconds: Double
        /// Events stored a second (`ingest_ev_s`), if it tells.
        let eventsPerSecond: Double?
    }

    /// Runs it in a folder of its own.
    func run(port: Int) throws -> Findings {
        let folder = try TemporaryFolder()
        defer { folder.removeAll() }
        let filled = Self.replacing("{port}", by: "\(port)", in: Self.replacing("{folder}", by: folder.path, in: command))
        guard let pipe = popen(filled, "r") else { throw BenchProblem("popen: \(String(cString: strerror(errno)))") }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&part, 1, part.count, pipe), count > 0 { bytes += part.prefix(count) }
        let status = pclose(pipe)
        guard status == 0 else { throw BenchProblem("the command of --against ended with status \(status >> 8): \(filled)") }
        return try Self.findings(in: bytes)
    }

    static func findings(in output: [UInt8]) throws -> Findings {
        let lines = output.split(separator: UInt8(ascii: "\n"))
        guard let line = lines.last(where: { $0.first == UInt8(ascii: "{") }), let found = try? JSONValue.parse(Array(line)),
            let rate = number("rps", found), let cpu = number("cus", found)
        else { throw BenchProblem("the command of --against prints no line of JSON with rps and cus") }
        return Findings(perSecond: rate, cpuMicroseconds: cpu, eventsPerSecond: number("ingest_ev_s", found))
    }

    private static func number(_ name: String, _ value: JSONValue) -> Double? {
        guard case .number(let text)? = value[name] else { return nil }
        return Double(text)
    }

    private static func replacing(_ mark: String, by value: String, in text: String) -> String {
        var pieces: [Substring] = []
        var rest = text[...]
        while let start = rest.firstRange(of: mark) {
            pieces += [rest[..<start.lowerBound], value[...]]
            rest = rest[start.upperBound...]
        }
        return (pieces + [rest]).joined()
    }
}
