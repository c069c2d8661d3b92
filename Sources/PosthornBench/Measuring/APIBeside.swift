import Posthorn
import PosthornAPI
import PosthornBenchReports
import PosthornSystem
import Synchronization

/// The HTTP API, open on an outbox while something else is measured, and a client that asks it for lists at a steady rate.
final class APIBeside {
    private let server: APIServer
    private let client: WorkerThread?
    private let isOver: Flag
    private let answered: Counter

    private final class Flag: Sendable { let value = Atomic(false) }
    private final class Counter: Sendable { let value = Atomic(0) }

    private static let targets = [
        "/v1/deliveries", "/v1/deliveries?state=pending", "/v1/deliveries?endpoint=e7", "/v1/events", "/v1/deliveries?type=none",
    ]

    /// - Parameter listsPerSecond: How many lists are asked for; 0 leaves the API idle.
    init(_ outbox: Outbox, listsPerSecond: Int) throws {
        server = try APIServer(outbox, listen: try ListenAddress("127.0.0.1:0"))
        let (port, isOver, answered) = (server.port, Flag(), Counter())
        (self.isOver, self.answered) = (isOver, answered)
        guard listsPerSecond > 0 else {
            client = nil
            return
        }
        let requests = Self.targets.map { KeptConnection.request("GET", $0) }
        client = try WorkerThread(name: "bench-lists") {
            guard let connection = try? KeptConnection(port: port) else { return }
            let begin = MonotonicClock.nanoseconds()
            var number = 0
            while !isOver.value.load(ordering: .relaxed) {
                MonotonicClock.wait(until: begin + Int64(number) * 1_000_000_000 / Int64(listsPerSecond))
                guard (try? connection.ask(requests[number % requests.count], expecting: 200)) != nil else { return }
                number += 1
                answered.value.store(number, ordering: .relaxed)
            }
        }
    }

    /// Closes it.
    /// - Returns: How many lists were answered.
    func end() -> Int {
        isOver.value.store(true, ordering: .relaxed)
        client?.join()
        server.stop()
        return answered.value.load(ordering: .relaxed)
    }
}
