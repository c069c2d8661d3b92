import CPosthornLinux
import Glibc

/// How a kept connection was at the moment when it was closed under a request.
struct ConnectionEnding: Equatable {
    /// The kernel's number; see `posthorn_tcp_state`.
    let state: Int32
    /// Bytes that were sent and that the receiver's machine has not acknowledged; -1 when that is not known.
    let unacknowledgedBytes: Int64

    init(state: Int32, unacknowledgedBytes: Int64) {
        self.state = state
        self.unacknowledgedBytes = unacknowledgedBytes
    }

    /// Asks the kernel about a socket that is about to be closed.
    init(of socket: Int32) {
        var bytes: Int64 = -1
        state = posthorn_tcp_state(socket, &bytes)
        unacknowledgedBytes = bytes
    }

    private static let closed: Int32 = 7
    private static let endedByPeer: Int32 = 8
    private static let lastAcknowledgement: Int32 = 9

    /// Whether the other side has ended it, not we.
    var isOver: Bool { state == Self.endedByPeer || state == Self.lastAcknowledgement || state == Self.closed }

    /// Whether the receiver had ended the connection before any of the request came to its machine, so that nobody can have
    /// processed it: its end (FIN) has arrived, and neither it nor anything since acknowledges a byte of the request.
    ///
    /// A reset alone does not say that: one that was sent because the request had come and was left unread looks the same. A
    /// receiver that has ended its own side and reads on can answer nothing; such requests are thrown away (RFC 9112, 9.6).
    ///
    /// - Parameters:
    ///   - requestBytes: The request's length before TLS; what was sent is that or more.
    ///   - detail: What libcurl says of the failure.
    func isBefore(requestBytes: Int, detail: String) -> Bool {
        let isReset = detail.lowercased().contains("reset by peer")
        return isOver && !isReset && requestBytes > 0 && unacknowledgedBytes >= Int64(requestBytes)
    }
}
