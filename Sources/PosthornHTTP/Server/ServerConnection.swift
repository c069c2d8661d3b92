internal import PosthornSystem

/// A connection with all of its loop's state for it. Only its loop's thread touches it.
final class ServerConnection {
    /// A request that has no whole answer.
    struct Exchange {
        let head: HTTPRequestHead
        let isHTTP10: Bool
        /// When its head was whole, in nanoseconds of the monotonic clock.
        let began: Int64
        /// What the decision over it left for the access log.
        var note: (any Sendable)?
        /// Who gets the request when it is whole.
        var handler: HTTPHandler?
        /// Who gets the body as it comes, until it is whole.
        var consumer: (any HTTPBodyConsumer)?
        /// What a handler is to get; memory for `reserved` bytes is accounted for.
        var body: [UInt8] = []
        var reserved = 0
        var bodyBytes = 0
        /// Whether the consumer wants no more for now.
        var isPaused = false
        /// Where the rest of an answer comes from that has begun, and how much of it waits to be sent.
        var stream: StreamState?
        var streamUnsent = 0
        var streamIsChunked = false
        var status: Int?
        var answerBytes = 0
        /// Who wants to know when the client is gone.
        var watchers: [@Sendable () -> Void] = []
    }

    /// What is to happen once everything is sent.
    enum Ending {
        case none, close, linger
        /// The client has been sent the end, and what it still sends is thrown away.
        case lingering
    }

    let descriptor: Int32
    let slot: Int
    let generation: UInt32
    let peer: NetworkAddress?
    let share: ClientShare
    /// What its bytes go through; `nil` in the clear.
    var tls: TLSConnection?
    /// The peer's address in numbers.
    let remoteAddress: String
    var machine: ConnectionMachine
    var exchange: Exchange?
    /// Input that waits for the answer to the request before.
    var leftover: [UInt8] = []
    var output = OutputQueue()
    var ending = Ending.none
    /// What the last events and calls said: whether reading and writing may bring something.
    var mayRead = true
    var mayWrite = true
    var inputHasEnded = false
    var isClosed = false
    /// Bytes that have gone one way or the other since its time was last prolonged.
    var progress = 0
    /// The request that its limit of time was last set for.
    var timedTurn: UInt32 = 0
    /// Whether it is counted among those that can make room.
    var isCountedEvictable = false
    /// Answers that are on their way to the system, for the access log.
    var unlogged: [HTTPAccess.Draft] = []

    init(_ socket: AcceptedSocket, slot: Int, generation: UInt32, limits: RequestParser.Limits) {
        descriptor = socket.descriptor
        peer = socket.peer
        share = socket.share
        remoteAddress = socket.peer?.description ?? ""
        self.slot = slot
        self.generation = generation
        machine = ConnectionMachine(limits)
    }

    /// The name of the present request.
    var exchangeID: ExchangeID { ExchangeID(slot: UInt32(slot), generation: generation, turn: machine.turn) }

    /// Whether more input is of use now.
    /// - Parameter outputLimit: How many bytes may wait to be sent meanwhile.
    func wantsInput(outputLimit: Int) -> Bool {
        machine.wantsInput && exchange?.isPaused != true && output.count <= outputLimit
    }
}

extension HTTPAccess {
    /// A line of the access log whose end is not known yet.
    struct Draft {
        let id: HTTPRequestID
        let head: HTTPRequestHead?
        let note: (any Sendable)?
        let status: Int?
        let outcome: Outcome
        let bodyBytes: Int
        let answerBytes: Int
        let began: Int64
    }
}
