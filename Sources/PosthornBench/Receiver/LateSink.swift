import PosthornBenchReports
import PosthornSystem
import Synchronization

/// The receiver on a thread of this process that reads from every request when it was due, and notes how late it came.
///
/// Its thread ends with the process.
final class LateSink: Sendable {
    let port: Int
    private let latenesses = Mutex<[Double]>([])

    init() throws {
        let (listener, port) = try Sink.listen()
        self.port = port
        _ = try WorkerThread(name: "bench-sink") { [self] in
            Sink.loop(listener) { _, bytes in
                let now = MonotonicClock.nanoseconds()
                latenesses.withLock { found in
                    DueMark.find(in: bytes) { found.append(Double(now - $0) / 1e6) }
                }
            }
        }
    }

    /// How many requests have come since the last ``take()``.
    var count: Int { latenesses.withLock { $0.count } }

    /// How late each request came, in milliseconds, and starts again.
    func take() -> [Double] {
        latenesses.withLock { found in
            defer { found = [] }
            return found
        }
    }
}
