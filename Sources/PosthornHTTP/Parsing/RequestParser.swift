/// Reads HTTP/1.1 requests from bytes as they come: a value that is fed and gives events (RFC 9112).
///
/// It takes what the grammar takes and refuses everything else, above all whatever two readers could take differently. The
/// same bytes give the same events however they are cut into pieces, but for where the pieces of a body end.
struct RequestParser: Sendable {
    /// How much of a request it puts up with.
    struct Limits: Sendable {
        /// Request line and fields together, with their line ends.
        var headBytes = 32 << 10
        /// Header fields; as many again in the trailer.
        var fields = 100
    }

    enum Event {
        /// The head is there. The body's bytes and its end follow.
        case head(ParsedHead)
        /// These bytes of the input belong to the body.
        case body(Range<Int>)
        /// The request is whole; the next one may begin.
        case end
        /// Nothing behind this is read: what would follow has no meaning.
        case refused(HTTPRefusal)
    }

    private enum State {
        case requestLine
        case fields
        case body(left: Int)
        case chunks(ChunkedBody)
        case refused(HTTPRefusal)
    }

    private let limits: Limits
    private var state = State.requestLine
    private var lines = LineReader()
    private var budget: Int
    private var head = HeadReader()
    private var hadEmptyLine = false

    init(_ limits: Limits) {
        self.limits = limits
        budget = limits.headBytes
    }

    /// Whether a request has begun that is not whole. An empty line before one is not its beginning.
    var isInRequest: Bool {
        if case .requestLine = state { return !head.isEmpty }
        return true
    }

    /// Limits the body of the request whose head was the last event: a longer one is refused at the chunk that makes it so. A
    /// length that was announced is not looked at.
    mutating func limitBody(toBytes limit: Int?) {
        guard case .chunks(var chunks) = state else { return }
        chunks.bodyBudget = limit
        state = .chunks(chunks)
    }

    /// The next event of the input from `position` on; `nil` when more input is needed.
    mutating func next(_ input: Span<UInt8>, _ position: inout Int) -> Event? {
        while true {
            switch state {
            case .requestLine, .fields:
                switch lines.read(input, &position, into: &head.bytes, budget: &budget) {
                case .unfinished: return nil
                case .tooLong: return refuse(tooLong)
                case .malformed:
                    return refuse(.malformed("the head has a character that must not be there, such as a bare line feed"))
                case .line:
                    if let event = endOfLine() { return event }
                }
            case .body(let left):
                if left == 0 { return end() }
                guard position < input.count else { return nil }
                let range = position..<min(input.count, position + left)
                position = range.upperBound
                state = .body(left: left - range.count)
                return .body(range)
            case .chunks(var chunks):
                // Out of the state while it changes, so that its buffer is not copied.
                state = .body(left: 0)
                let step = chunks.next(input, &position)
                switch step {
                case .end: return end()
                case .refused(let refusal): return refuse(refusal)
                case .body(let range):
                    state = .chunks(chunks)
                    return .body(range)
                case .unfinished:
                    state = .chunks(chunks)
                    return nil
                }
            case .refused(let refusal): return .refused(refusal)
            }
        }
    }

    private var tooLong: HTTPRefusal {
        if case .requestLine = state { return HTTPRefusal(414, "the request line is longer than \(limits.headBytes) bytes") }
        return HTTPRefusal(431, "the request's head is longer than \(limits.headBytes) bytes")
    }

    private mutating func refuse(_ refusal: HTTPRefusal) -> Event {
        state = .refused(refusal)
        return .refused(refusal)
    }

    private mutating func end() -> Event {
        state = .requestLine
        budget = limits.headBytes
        head = HeadReader()
        hadEmptyLine = false
        return .end
    }

    /// A line of the head is whole.
    private mutating func endOfLine() -> Event? {
        do throws(HTTPRefusal) {
            if case .requestLine = state {
                guard head.isEmpty else {
                    try head.takeRequestLine()
                    state = .fields
                    return nil
                }
                // Old clients send one behind a body (RFC 9112, section 2.2).
                if hadEmptyLine { throw .malformed("there is more than one empty line before a request") }
                hadEmptyLine = true
                return nil
            }
            if try head.takeField(limit: limits.fields) { return nil }
            let whole = try head.finish()
            switch whole.bodyLength {
            case .known(let length): state = .body(left: length)
            case .chunked: state = .chunks(ChunkedBody(trailerBytes: limits.headBytes, trailers: limits.fields))
            }
            return .head(whole)
        } catch {
            return refuse(error)
        }
    }
}

/// A request's head, as it was parsed.
struct ParsedHead: Sendable {
    let method: String
    /// As it was sent.
    let target: String
    /// HTTP/1.x.
    let minorVersion: Int
    let headers: HTTPHeaders
    let bodyLength: HTTPBodyLength
    /// Whether the client waits for 100 (Continue) before it sends the body.
    let expectsContinue: Bool
    /// Whether the client lets the connection serve another request.
    let keepsAlive: Bool
}
