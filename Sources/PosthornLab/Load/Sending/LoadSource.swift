import PosthornModel

/// What a ``LoadLoop`` sends, and who is told its result. Every call comes on the loop's own thread.
protocol LoadSource: AnyObject {
    /// Says what to send now, or how long to wait; called whenever there is a place on the wire.
    ///
    /// - Parameters:
    ///   - now: Monotonic nanoseconds.
    ///   - request: Where to write a request that is none of the numbered contents; empty.
    func next(now: Int64, into request: inout OutboundRequest) -> LoadStep

    /// Writes content that stays the same; called when a handle sends it for the first time.
    func write(content: Int, into request: inout OutboundRequest)

    /// Takes the result of a request.
    func take(_ answer: LoadAnswer)

    /// Says that every place on the wire is taken.
    func isHeldBack(now: Int64)

    /// Says that it is asked for nothing more, although it may have more.
    /// - Parameter moment: When that was wanted, in monotonic nanoseconds.
    func stop(at moment: Int64)
}

/// What a ``LoadSource`` wants.
enum LoadStep: Sendable {
    /// Sends the request that was written; or, where requests stay the same byte for byte, the content of that number, which
    /// is asked for where a handle has not sent it before.
    case send(LoadTicket, content: Int?)
    /// Nothing before this moment (monotonic nanoseconds), or before an answer has come when it is `Int64.max`.
    case wait(until: Int64)
    /// Nothing more.
    case end
}

/// What the loop hands back with the answer.
struct LoadTicket: Sendable {
    /// When the request was meant to leave: monotonic nanoseconds.
    let intended: Int64
    /// The source's own mark.
    let mark: Int

    /// Creates a ticket.
    init(intended: Int64, mark: Int) {
        self.intended = intended
        self.mark = mark
    }
}

/// The result of one request of a load. Times are monotonic nanoseconds.
struct LoadAnswer: Sendable {
    /// The source's own.
    let ticket: LoadTicket
    /// When the loop took it up.
    let started: Int64
    /// When its answer had come, or its failure.
    let ended: Int64
    /// The answer's status, when there was one.
    let status: Int?
    /// Why there is no success; `nil` for a 200.
    let error: AttemptError?
    /// The detail of a failure.
    let errorText: String
    /// Bytes that were sent: headers of ours and body.
    let sentBytes: Int
    /// Bytes of the answer: head and body.
    let receivedBytes: Int
    /// How long the receiver asked to be left alone, when it did.
    let retryAfterMilliseconds: Int64?
    /// How long its connection took to open, when it needed a new one.
    let connection: Connection?

    /// The times of a new connection, in microseconds from the start of the request.
    struct Connection: Sendable {
        /// Until TCP had connected.
        let connectMicroseconds: Int64
        /// From there until TLS was agreed; `nil` for plain http.
        let tlsMicroseconds: Int64?
        /// Where it leads, with the port.
        let address: String
    }

    /// Creates an answer.
    init(
        ticket: LoadTicket,
        started: Int64,
        ended: Int64,
        status: Int? = nil,
        error: AttemptError? = nil,
        errorText: String = "",
        sentBytes: Int = 0,
        receivedBytes: Int = 0,
        retryAfterMilliseconds: Int64? = nil,
        connection: Connection? = nil
    ) {
        self.ticket = ticket
        self.started = started
        self.ended = ended
        self.status = status
        self.error = error
        self.errorText = errorText
        self.sentBytes = sentBytes
        self.receivedBytes = receivedBytes
        self.retryAfterMilliseconds = retryAfterMilliseconds
        self.connection = connection
    }
}
