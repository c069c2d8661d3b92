import Synchronization

@testable import PosthornHTTP

/// What a connection's machine makes of input, with a handler that takes every body and answers at once.
struct MachineRun {
    private struct Seen {
        var meaning: RequestCase.Meaning
        var headers: HTTPHeaders?
    }

    static let bodyLimitBytes = 8 << 20

    private var seen: [Seen] = []
    private var machine = ConnectionMachine(RequestParser.Limits())
    private var head: ParsedHead?
    private var body: [UInt8] = []
    private var isOver = false

    /// Feeds the pieces, and then the client's end.
    init(pieces: [[UInt8]]) {
        for piece in pieces where !isOver { feed(piece.span) }
        let wasInRequest = head != nil || machine.timer == .head
        if !isOver, machine.endInput(), wasInRequest { seen.append(Seen(meaning: .unfinished)) }
    }

    private mutating func feed(_ piece: Span<UInt8>) {
        var position = 0
        while !isOver {
            switch machine.next(piece, &position) {
            case .starved: return
            case .held: preconditionFailure("every request is answered at once")
            case .decide(let head):
                self.head = head
                body = []
                if case .refuse(let refusal) = machine.accept(limit: Self.bodyLimitBytes, isStreamed: false) { refuse(refusal) }
            case .body(let range): body += piece.extracting(range).array
            case .bodyEnded: answer()
            case .refuse(let refusal), .abort(let refusal): refuse(refusal)
            }
        }
    }

    private mutating func answer() {
        guard let head = head.take() else { return }
        let closes = machine.beginAnswer(closes: false, isWhole: true)
        let meaning = RequestCase.Meaning.request(
            head.method,
            head.target,
            body: String(decoding: body, as: UTF8.self),
            isLast: closes
        )
        seen.append(Seen(meaning: meaning, headers: head.headers))
        isOver = machine.endAnswer() != .next
    }

    private mutating func refuse(_ refusal: HTTPRefusal) {
        seen.append(Seen(meaning: .refused(refusal.status)))
        _ = machine.beginAnswer(closes: true, isWhole: true)
        isOver = machine.endAnswer() == .linger
    }

    /// What was seen, each request with the field that is asked for.
    func meanings(like expected: [RequestCase.Meaning]) -> [RequestCase.Meaning] {
        seen.enumerated().map { i, seen in
            i < expected.count ? seen.meaning.with(fieldLike: expected[i], seen.headers) : seen.meaning
        }
    }
}

/// What a handler has seen.
final class Recorder: Sendable {
    private let seen = Mutex<[(RequestCase.Meaning, HTTPHeaders)]>([])

    func note(_ meaning: RequestCase.Meaning, _ headers: HTTPHeaders) { seen.withLock { $0.append((meaning, headers)) } }

    /// What was seen since the last time, each with the field that is asked for.
    func take(like expected: [RequestCase.Meaning]) -> [RequestCase.Meaning] {
        let taken = seen.withLock { seen in
            defer { seen = [] }
            return seen
        }
        return taken.enumerated().map { i, seen in i < expected.count ? seen.0.with(fieldLike: expected[i], seen.1) : seen.0 }
    }
}

extension RequestCase.Meaning {
    /// The same with the value of the field that another one names.
    func with(fieldLike other: RequestCase.Meaning, _ headers: HTTPHeaders?) -> RequestCase.Meaning {
        guard case .request(let method, let target, let body, _, let isLast) = self, case .request(_, _, _, let field?, _) = other
        else { return self }
        let value = headers?[field.name] ?? ""
        return .request(method, target, body: body, field: RequestCase.Field(name: field.name, value: value), isLast: isLast)
    }
}
