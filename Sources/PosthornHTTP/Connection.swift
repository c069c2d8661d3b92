internal import CPosthornMicroHTTPD
import Glibc
internal import PosthornSystem
import Synchronization

/// One connection's state, kept from its opening to its end and used again for each request, so that a request costs few
/// allocations.
///
/// The stored properties without a lock belong to the one libmicrohttpd thread that serves the connection; `exchange` is
/// guarded by its mutex, `deadline` is atomic. That makes it safe to share, which the compiler cannot see.
final class Connection: @unchecked Sendable {
    /// How far the request has come, for the thread that serves it.
    enum Phase {
        case waiting, receiving, refusing, answering
    }

    /// How far the answer has come, for whoever gives it.
    private enum Exchange {
        case none
        /// The handler runs; it may answer before it returns.
        case calling
        /// libmicrohttpd has put the connection aside until the answer is there.
        case suspended
        case answered(HTTPResponse)
    }

    let descriptor: Int32
    let remoteAddress: String
    /// libmicrohttpd's own; valid until it says that the connection is closed, and longer while it is suspended.
    private let handle: OpaquePointer
    /// When the connection is cut, in nanoseconds of the monotonic clock; `Int64.max` while a handler has the word.
    let deadline: Atomic<Int64>

    var phase = Phase.waiting
    var target = ""
    var headers = HTTPHeaders()
    var body: [UInt8] = []
    var bodyIsTooLong = false
    private(set) var turn: UInt64 = 0
    private let exchange = Mutex<(turn: UInt64, state: Exchange)>((0, .none))

    init(_ handle: OpaquePointer, deadline: Int64) {
        self.handle = handle
        self.deadline = Atomic(deadline)
        descriptor = posthorn_mhd_descriptor(handle)
        remoteAddress = ListeningSocket.text(of: posthorn_mhd_peer(handle))
    }

    /// Makes ready for the next request.
    func reset() {
        phase = .waiting
        target = ""
        headers = HTTPHeaders()
        body = []
        bodyIsTooLong = false
        exchange.withLock { $0.state = .none }
    }

    /// The handler is about to be called.
    func beginTurn() {
        turn += 1
        exchange.withLock { $0 = (turn, .calling) }
    }

    /// The handler's answer, or `nil` when the connection was put aside to wait for it.
    /// - Parameter mayWait: Asked under the lock; when it says no, a missing answer becomes a 503.
    func answerOrSuspend(mayWait: () -> Bool) -> HTTPResponse? {
        exchange.withLock { exchange in
            if case .answered(let response) = exchange.state { return response }
            guard mayWait() else {
                exchange.state = .none
                return .refusal(503, "the server is stopping")
            }
            exchange.state = .suspended
            MHD_suspend_connection(handle)
            return nil
        }
    }

    /// Takes an answer from any thread; one for another turn, or a second one, is dropped.
    func answer(_ response: HTTPResponse, turn: UInt64) {
        exchange.withLock { exchange in
            guard exchange.turn == turn else { return }
            give(response, &exchange.state)
        }
    }

    /// Answers for a handler that has not, because the server stops.
    func answerIfSuspended(_ response: HTTPResponse) {
        exchange.withLock { exchange in
            if case .suspended = exchange.state { give(response, &exchange.state) }
        }
    }

    private func give(_ response: HTTPResponse, _ state: inout Exchange) {
        switch state {
        case .calling: state = .answered(response)
        case .suspended:
            state = .answered(response)
            MHD_resume_connection(handle)
        case .none, .answered: break
        }
    }

    /// Cuts the connection: libmicrohttpd reads its end and closes it.
    func cut() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}
