internal import CPosthornMicroHTTPD
import Glibc
internal import PosthornSystem
import Synchronization

/// What happens to a connection and its requests; called by `Daemon`'s callbacks.
final class ServerCore: Sendable {
    let configuration: HTTPServerConfiguration
    private let handler: HTTPServer.Handler
    /// Open connections by descriptor. Only opening, closing and the sweep take the lock.
    private let open = Mutex<[Int32: Connection]>([:])
    /// Sockets handed to libmicrohttpd that its threads have not taken up yet.
    private let handedOver = Atomic(0)
    private let unanswered = Atomic(0)
    private let stopping = Atomic(false)
    private let mayWait = Atomic(true)
    /// Signalled when a connection closes at the limit, and when the last request is answered while stopping.
    let waker: Waker

    init(_ configuration: HTTPServerConfiguration, _ handler: HTTPServer.Handler, _ waker: Waker) {
        self.configuration = configuration
        self.handler = handler
        self.waker = waker
    }

    private func deadline(inMilliseconds limit: Int) -> Int64 {
        MonotonicClock.nanoseconds() + Int64(limit) * 1_000_000
    }

    // MARK: Connections

    func opened(_ handle: OpaquePointer) -> Connection {
        let connection = Connection(handle, deadline: deadline(inMilliseconds: configuration.requestDeadlineMilliseconds))
        open.withLock {
            $0[connection.descriptor] = connection
            handedOver.subtract(1, ordering: .relaxed)
        }
        return connection
    }

    func closed(_ connection: Connection) {
        let wasFull = open.withLock { open in
            let wasFull = open.count >= configuration.connectionLimit
            open[connection.descriptor] = nil
            return wasFull
        }
        if wasFull { waker.signal() }
    }

    /// Connections that are open or about to be.
    var openConnections: Int { open.withLock { $0.count + handedOver.load(ordering: .relaxed) } }

    /// A socket is about to be handed over, or was refused after all.
    func handingOver(_ difference: Int) { handedOver.add(difference, ordering: .relaxed) }

    /// Cuts what is past its deadline. Under the lock, so that no descriptor is cut after it was closed and given anew.
    func sweep() {
        let now = MonotonicClock.nanoseconds()
        open.withLock { open in
            for connection in open.values where connection.deadline.load(ordering: .relaxed) <= now { connection.cut() }
        }
    }

    // MARK: Requests

    /// The header is there: whether and how to go on. An answer given here refuses the request.
    func received(_ connection: Connection) -> HTTPResponse? {
        unanswered.add(1, ordering: .sequentiallyConsistent)
        connection.phase = .receiving
        connection.deadline.store(deadline(inMilliseconds: configuration.requestDeadlineMilliseconds), ordering: .relaxed)
        let framing = RequestFraming.judge(
            lengths: connection.headers.all("content-length"),
            encodings: connection.headers.all("transfer-encoding")
        )
        switch framing {
        case .ambiguous(let reason):
            connection.phase = .refusing
            return .refusal(400, "refused: \(reason)")
        case .body(let length):
            if let length, length > configuration.bodyLimitBytes {
                connection.phase = .refusing
                return tooLong
            }
            if let length { connection.body.reserveCapacity(length) }
            return nil
        }
    }

    private var tooLong: HTTPResponse {
        .refusal(413, "the body is longer than \(configuration.bodyLimitBytes) bytes")
    }

    /// More of the body. What is past the limit is read and thrown away, so that the caller gets to see the 413.
    func received(_ bytes: UnsafeBufferPointer<UInt8>, _ connection: Connection) {
        if connection.bodyIsTooLong { return }
        if connection.body.count + bytes.count > configuration.bodyLimitBytes {
            connection.bodyIsTooLong = true
            connection.body = []
        } else {
            connection.body.append(contentsOf: bytes)
        }
    }

    /// The request is whole: the answer, or `nil` when it comes later.
    func answer(_ connection: Connection, method: String) -> HTTPResponse? {
        connection.phase = .answering
        if connection.bodyIsTooLong { return tooLong }
        connection.deadline.store(.max, ordering: .relaxed)
        let request = HTTPRequest(
            method: method,
            target: connection.target,
            headers: connection.headers,
            body: connection.body,
            remoteAddress: connection.remoteAddress
        )
        connection.body = []
        switch handler {
        case .immediate(let handle): return handle(request)
        case .later(let handle):
            connection.beginTurn()
            handle(request, HTTPResponder(connection, turn: connection.turn))
            return later(connection)
        }
    }

    /// The answer that a handler gave, or gives later.
    func later(_ connection: Connection) -> HTTPResponse? {
        connection.answerOrSuspend { mayWait.load(ordering: .sequentiallyConsistent) }
    }

    /// An answer is on its way out: it must be read by the deadline. Says whether the connection ends with it.
    func answering(_ connection: Connection, _ response: HTTPResponse) -> Bool {
        connection.deadline.store(deadline(inMilliseconds: configuration.requestDeadlineMilliseconds), ordering: .relaxed)
        return response.closesConnection || stopping.load(ordering: .relaxed)
    }

    /// The answer is out, or the request came to nothing.
    func completed(_ connection: Connection) {
        let counted = connection.phase != .waiting
        connection.reset()
        connection.deadline.store(deadline(inMilliseconds: configuration.idleLimitMilliseconds), ordering: .relaxed)
        guard counted else { return }
        let left = unanswered.subtract(1, ordering: .sequentiallyConsistent).newValue
        if left == 0, stopping.load(ordering: .sequentiallyConsistent) { waker.signal() }
    }

    // MARK: The end

    /// Waits until every request is answered, up to the limit; then answers 503 for handlers that still have not.
    func drain() {
        stopping.store(true, ordering: .sequentiallyConsistent)
        waitUntilAnswered(milliseconds: configuration.drainLimitMilliseconds)
        mayWait.store(false, ordering: .sequentiallyConsistent)
        open.withLock { open in
            for connection in open.values { connection.answerIfSuspended(.refusal(503, "the server is stopping")) }
        }
        waitUntilAnswered(milliseconds: 1000)
    }

    private func waitUntilAnswered(milliseconds: Int) {
        let end = deadline(inMilliseconds: milliseconds)
        while unanswered.load(ordering: .sequentiallyConsistent) > 0 {
            let left = (end - MonotonicClock.nanoseconds()) / 1_000_000
            if left <= 0 { return }
            waker.wait(milliseconds: left)
        }
    }
}
