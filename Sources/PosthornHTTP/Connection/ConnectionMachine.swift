/// What becomes of one connection: a value that takes what happens and returns what is to be done. It does no I/O.
///
/// Reading and answering go on side by side: an answer may begin before the body is whole. The next request is read when the
/// answer to the one before has been handed out, so that answers keep their order and nothing piles up.
struct ConnectionMachine: Sendable {
    /// What the input says is to be done.
    enum Step {
        /// Nothing, until more input comes.
        case starved
        /// Nothing, until the answer to the request before is out; the input waits.
        case held
        /// A request's head is there: decide, and say so with ``accept(limit:isStreamed:)`` or ``decline()``.
        case decide(ParsedHead)
        /// These bytes of the input belong to a body that is wanted.
        case body(Range<Int>)
        /// The body is whole.
        case bodyEnded
        /// The request is refused; the answer is due and is the connection's last.
        case refuse(HTTPRefusal)
        /// The request is broken and its answer has begun already: only closing says so.
        case abort(HTTPRefusal)
    }

    enum Acceptance: Equatable {
        /// Go on reading, and say 100 (Continue) first where the client waits for it.
        case proceed(sendsContinue: Bool)
        case refuse(HTTPRefusal)
    }

    /// What comes after an answer.
    enum Aftermath: Equatable {
        /// The next request.
        case next
        /// The end.
        case close
        /// The end, once the client has had time to read the answer while what it still sends is thrown away: closing with
        /// unread input resets the connection, and takes the answer away from the client (RFC 9112, section 9.6).
        case linger
    }

    private enum Reading {
        /// Between requests; `hasBegun` once a byte of the next one is there.
        case head(hasBegun: Bool)
        /// A head waits for the decision over it.
        case deciding(HTTPBodyLength, expectsContinue: Bool)
        case body(Use)
        /// The request is whole and has no whole answer.
        case whole
        /// Nothing that comes has a meaning any more.
        case over
    }

    private enum Use: Equatable {
        case collected, streamed, unwanted
    }

    private enum Answer {
        case none, due, begun, whole
    }

    /// How much of an unwanted body is read, so that the connection can serve on, before it is rather closed.
    static let unwantedBodyLimitBytes = 64 << 10

    private var parser: RequestParser
    private var reading = Reading.head(hasBegun: false)
    private var answer = Answer.none
    private var keepsAlive = true
    private var isStopping = false
    /// How many requests have come, the present one included.
    private(set) var turn: UInt32 = 0
    /// Whether the client has ended its side. It may still wait for an answer, or be gone.
    private(set) var clientHasEnded = false

    init(_ limits: RequestParser.Limits) { parser = RequestParser(limits) }

    // MARK: Reading

    /// The next step that the input from `position` on leads to.
    mutating func next(_ input: Span<UInt8>, _ position: inout Int) -> Step {
        while true {
            switch reading {
            case .whole: return .held
            case .over:
                position = input.count
                return .starved
            case .deciding: preconditionFailure("the decision over a head is due")
            case .head, .body: break
            }
            guard let event = parser.next(input, &position) else {
                if case .head = reading { reading = .head(hasBegun: parser.isInRequest) }
                return .starved
            }
            if let step = step(event) { return step }
        }
    }

    private mutating func step(_ event: RequestParser.Event) -> Step? {
        switch event {
        case .head(let head):
            turn &+= 1
            keepsAlive = head.keepsAlive
            answer = .due
            reading = .deciding(head.bodyLength, expectsContinue: head.expectsContinue)
            return .decide(head)
        case .body(let range):
            if case .body(.unwanted) = reading { return nil }
            return .body(range)
        case .end:
            guard case .body(let use) = reading else { return nil }
            reading = .whole
            if answer == .whole { readNext() }
            if case .unwanted = use { return nil }
            return .bodyEnded
        case .refused(let refusal): return refuse(refusal)
        }
    }

    /// The request cannot go on, and no other can follow it: it is broken, too long, or its time is up.
    mutating func refuse(_ refusal: HTTPRefusal) -> Step {
        keepsAlive = false
        reading = .over
        switch answer {
        case .none, .due:
            answer = .due
            return .refuse(refusal)
        case .begun, .whole: return .abort(refusal)
        }
    }

    /// The request's body is wanted.
    /// - Parameters:
    ///   - limit: How many bytes it may have; `nil` for as many as come.
    ///   - isStreamed: Whether it is taken as it comes.
    mutating func accept(limit: Int?, isStreamed: Bool) -> Acceptance {
        guard case .deciding(let length, let expectsContinue) = reading else { preconditionFailure("no decision is due") }
        if case .known(let count) = length, let limit, count > limit {
            keepsAlive = false
            reading = .over
            return .refuse(HTTPRefusal(413, "the body is longer than \(limit) bytes"))
        }
        parser.limitBody(toBytes: limit)
        reading = .body(isStreamed ? .streamed : .collected)
        return .proceed(sendsContinue: expectsContinue)
    }

    /// The request is answered without its body. What is short enough is read and thrown away, which keeps the connection.
    mutating func decline() {
        guard case .deciding(let length, let expectsContinue) = reading else { preconditionFailure("no decision is due") }
        if length == .known(0) {
            reading = .body(.unwanted)
        } else if case .known(let count) = length, count <= Self.unwantedBodyLimitBytes, !expectsContinue {
            reading = .body(.unwanted)
        } else {
            // Chunks have no length to trust in, and a client that waits for 100 may send the body or not.
            keepsAlive = false
            reading = .over
        }
    }

    /// The client has ended its side; there may be input before that. Returns whether a handler owes it an answer.
    mutating func endClient() -> Bool {
        let isNew = !clientHasEnded
        clientHasEnded = true
        return isNew && (answer == .due || answer == .begun)
    }

    /// All input before the client's end has been taken. Returns whether the connection ends with it.
    mutating func endInput() -> Bool {
        switch reading {
        case .head: return true
        case .deciding, .body:
            // Half a request is none.
            reading = .over
            return true
        case .whole: return false
        case .over: return answer == .whole
        }
    }

    // MARK: Answering

    /// An answer begins. Returns whether it must say that the connection ends with it.
    /// - Parameters:
    ///   - closes: Whether the handler wants the connection closed.
    ///   - isWhole: Whether all of it is there, so that the rest of a body is not wanted any more.
    mutating func beginAnswer(closes: Bool, isWhole: Bool) -> Bool {
        answer = .begun
        if closes || isStopping { keepsAlive = false }
        if isWhole, case .body(let use) = reading {
            if use != .unwanted {
                // The body was accepted, so its length may be anything.
                keepsAlive = false
                reading = .over
            }
        }
        return !keepsAlive
    }

    /// Only the end of the connection marks the end of an answer of unknown length.
    mutating func closeAfterAnswer() { keepsAlive = false }

    /// The answer is whole.
    mutating func endAnswer() -> Aftermath {
        answer = .whole
        switch reading {
        case .whole where keepsAlive:
            readNext()
            return .next
        case .whole:
            reading = .over
            return .close
        case .body(.unwanted) where keepsAlive: return .next
        case .head, .deciding, .body, .over:
            reading = .over
            return .linger
        }
    }

    private mutating func readNext() {
        reading = .head(hasBegun: false)
        answer = .none
        keepsAlive = true
    }

    // MARK: The end

    /// The server stops: answers from now on end their connections. Returns whether this one can be closed at once.
    mutating func stop() -> Bool {
        isStopping = true
        if case .head(hasBegun: false) = reading { return true }
        return false
    }

    // MARK: What it is about

    /// Whether an answer has been asked for that has not begun.
    var owesAnswer: Bool { answer == .due }

    /// Whether input is read: not while a request that is whole waits for its answer.
    var wantsInput: Bool {
        if case .whole = reading { return false }
        return true
    }

    /// Whether a body is being read that may be large.
    var isReadingBody: Bool {
        if case .body = reading { return true }
        return false
    }

    /// Whether it can be closed in favour of another connection: no request on it has been read as far as its decision.
    var isEvictable: Bool {
        if case .head = reading { return true }
        return false
    }

    /// Which limit of time holds, as far as the request goes.
    var timer: ConnectionTimer {
        switch reading {
        case .head(hasBegun: false): return .idle
        case .head(hasBegun: true): return .head
        case .deciding, .body(.collected), .body(.unwanted): return .body
        case .body(.streamed): return .bodyProgress
        case .whole where clientHasEnded: return .halfClosed
        case .whole: return answer == .begun ? .none : .handler
        case .over: return answer == .whole ? .linger : .handler
        }
    }
}

/// The limits of time that a connection can be under, one at a time.
enum ConnectionTimer: Int, CaseIterable, Sendable {
    /// Until TLS is agreed.
    case handshake
    /// Until the next request begins.
    case idle
    /// From a head's first byte to its last.
    case head
    /// From the head to the end of a body that is collected.
    case body
    /// A streamed body must go on.
    case bodyProgress
    /// A handler must answer.
    case handler
    /// A handler must answer a client that has ended its side, and may be gone.
    case halfClosed
    /// An answer must be read on.
    case answerProgress
    /// A client must take note of the end.
    case linger
    /// No limit: the other side's turn to wait.
    case none

    /// Whether the limit begins again for a connection that was under `running` till now.
    ///
    /// What a client sends meanwhile is no progress of the answers that it does not read.
    func restarts(from running: ConnectionTimer, isNewTurn: Bool) -> Bool {
        self != running || (isNewTurn && self != .answerProgress)
    }
}
