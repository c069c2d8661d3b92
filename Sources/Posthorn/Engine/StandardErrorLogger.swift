import Glibc
import PosthornSystem
import PosthornText

/// Writes an engine's log to standard error, a JSON object a line: `time`, `level`, `event`, and the event's metadata.
public struct StandardErrorLogger: EngineLogger {
    private let minimum: EngineEvent.Severity

    /// A logger of events that matter at least so much.
    public init(minimum: EngineEvent.Severity = .info) { self.minimum = minimum }

    /// Writes a line.
    public func log(_ event: EngineEvent) {
        guard event.severity >= minimum else { return }
        Self.line(event, at: SystemClock().now()).withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = write(STDERR_FILENO, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written < 0 {
                    if errno == EINTR { continue }
                    return
                }
                rest = rest.dropFirst(written)
            }
        }
    }

    /// An event as a line of JSON, in which nothing that a receiver answered can begin another line.
    static func line(_ event: EngineEvent, at now: Timestamp) -> [UInt8] {
        var line = JSONLine()
        line.add("time", now)
        line.add("level", event.severity.rawValue)
        line.add("event", event.name)
        for (name, value) in event.metadata.sorted(by: { $0.key < $1.key }) { line.add(name, value) }
        return line.bytes
    }
}
