import PosthornModel
import PosthornText

/// What a program found that does the same job: its last line of JSON, or what wrk prints.
package struct Findings: Equatable, Sendable {
    /// Deliveries a second (`rps`).
    package let perSecond: Double
    /// CPU µs a delivery (`cus`); 0 for wrk, which does not say.
    package let cpuMicroseconds: Double
    /// Events stored a second (`ingest_ev_s`), if it says so.
    package let eventsPerSecond: Double?

    package init(perSecond: Double, cpuMicroseconds: Double, eventsPerSecond: Double? = nil) {
        self.perSecond = perSecond
        self.cpuMicroseconds = cpuMicroseconds
        self.eventsPerSecond = eventsPerSecond
    }

    /// Reads what the program printed; lines that are no JSON object are passed over.
    package init(output: [UInt8]) throws {
        let lines = output.split(separator: UInt8(ascii: "\n"))
        let rate = lines.last { $0.starts(with: "Requests/sec:".utf8) }.map { String(decoding: $0.dropFirst(13), as: UTF8.self) }
        if let rate, let number = Double(rate.filter { $0 != " " }) {
            self.init(perSecond: number, cpuMicroseconds: 0)
            return
        }
        guard let line = lines.last(where: { $0.first == UInt8(ascii: "{") }), let found = try? JSONValue.parse(Array(line)),
            let rate = Self.number("rps", found), let cpu = Self.number("cus", found)
        else { throw BenchProblem("the command of --against prints no line of JSON with rps and cus") }
        self.init(perSecond: rate, cpuMicroseconds: cpu, eventsPerSecond: Self.number("ingest_ev_s", found))
    }

    private static func number(_ name: String, _ value: JSONValue) -> Double? {
        guard case .number(let text)? = value[name] else { return nil }
        return Double(text)
    }
}
