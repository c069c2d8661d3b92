@testable import PosthornHTTP

/// What a connection's machine makes of input, with a handler that takes every body and answers at once.
struct RequestReading: Equatable {
    private enum Seen: Equatable {
        case request(method: String, target: String, fields: [String], body: [UInt8])
        case refused(HTTPRefusal)
    }

    /// The requests that were taken.
    private(set) var requests: [HTTPRequestHead] = []
    private var seen: [Seen] = []
    private var machine = ConnectionMachine(RequestParser.Limits())
    private var body: [UInt8] = []
    private var isOver = false

    static func == (one: RequestReading, other: RequestReading) -> Bool { one.seen == other.seen }

    /// Feeds the pieces.
    init(pieces: [[UInt8]]) {
        for piece in pieces where !isOver {
            var position = 0
            while !isOver, take(piece.span, &position) {}
            precondition(isOver || position == piece.count, "bytes are left, and nothing says why")
        }
    }

    /// Takes a step. Returns whether there may be another one in the piece.
    private mutating func take(_ piece: Span<UInt8>, _ position: inout Int) -> Bool {
        let before = position
        switch machine.next(piece, &position) {
        case .starved: return false
        case .held: fatalError("every request is answered at once")
        case .decide(let head):
            requests.append(
                HTTPRequestHead(method: head.method, target: HTTPTarget(head.target), headers: head.headers, bodyLength: head.bodyLength)
            )
            body = []
            if case .refuse(let refusal) = machine.accept(limit: 65_536, isStreamed: false) { refuse(refusal) }
        case .body(let range):
            precondition(range.lowerBound >= before && range.upperBound <= position && !range.isEmpty)
            for i in range { body.append(piece[i]) }
        case .bodyEnded: answer()
        case .refuse(let refusal), .abort(let refusal): refuse(refusal)
        }
        return true
    }

    private mutating func answer() {
        guard let head = requests.last else { fatalError("a body without a head") }
        if case .known(let length) = head.bodyLength { precondition(body.count == length) }
        seen.append(
            .request(method: head.method, target: head.target.text, fields: head.headers.map { "\($0.name):\($0.value)" }, body: body)
        )
        _ = machine.beginAnswer(closes: false, isWhole: true)
        isOver = machine.endAnswer() != .next
    }

    private mutating func refuse(_ refusal: HTTPRefusal) {
        precondition((400...599).contains(refusal.status))
        seen.append(.refused(refusal))
        precondition(machine.beginAnswer(closes: false, isWhole: true), "a refusal closes")
        isOver = machine.endAnswer() == .linger
        precondition(isOver)
    }
}
