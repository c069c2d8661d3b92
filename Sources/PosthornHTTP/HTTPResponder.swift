import Synchronization

/// The promise of an answer: a handler may return at once and answer later, from any thread, while the server's threads
/// serve other connections.
///
/// The first answer counts. One that is dropped without an answer sends 500, so that no caller waits for ever.
public final class HTTPResponder: Sendable {
    private let connection: Connection
    private let turn: UInt64
    private let answered = Atomic(false)

    init(_ connection: Connection, turn: UInt64) {
        self.connection = connection
        self.turn = turn
    }

    deinit { respond(.refusal(500, "the request was not answered")) }

    /// Sends the answer. A second one is ignored.
    public func respond(_ response: HTTPResponse) {
        if answered.exchange(true, ordering: .relaxed) { return }
        connection.answer(response, turn: turn)
    }
}
