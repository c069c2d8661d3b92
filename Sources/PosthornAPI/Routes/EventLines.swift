import Posthorn
import PosthornHTTP
import PosthornModel
import PosthornText
import Synchronization

/// Events that come one a line and are answered one a line, in bounded memory however many there are.
///
/// Two batches are on their way into the outbox at most, and one is gathered meanwhile; then no more is read. Nor is anything while the
/// client does not read its answers.
final class EventLines: HTTPBodyConsumer {
    /// What is on its way into the outbox: the events, and what became of each line.
    private struct Batch {
        var events: [NewEvent] = []
        /// A line is an event, or what was wrong with it.
        var lines: [(number: Int, problem: InputProblem?)] = []
        var bytes = 0
    }

    private struct State {
        var reader = LineCutter(limitBytes: EventLine.lineLimitBytes)
        var lineNumber = 0
        var gathering = Batch()
        var inFlight = 0
        /// One thread hands in at a time, or batches would overtake each other.
        var isHandingIn = false
        /// Answers that the client's stream had no room for.
        var unsent: [UInt8] = []
        var waitsForRoom = false
        var stream: HTTPResponseStream?
        var isPaused = false
        var hasEnded = false
        /// Whether nothing more is taken: the client is gone, or the last line was written.
        var isOver = false
    }

    private let request: APIRequest
    private let responder: HTTPResponder
    private let parts: APIParts
    private let showsAll: Bool
    private let state = Mutex(State())

    /// A batch is sent off when it has so much.
    static let batchBytes = 1 << 20
    static let batchEvents = 1000
    static let inFlightLimit = 2

    init(_ request: APIRequest, _ responder: HTTPResponder, _ parts: APIParts) {
        self.request = request
        self.responder = responder
        self.parts = parts
        // RFC 7240, section 4.2.
        showsAll = !request.head.headers.all("Prefer").contains { $0.lowercased().contains("return=minimal") }
    }

    deinit { parts.emitGate.closeStream(request.grant.keyID ?? "") }

    // MARK: From the server's thread

    func received(_ bytes: Span<UInt8>) -> Bool {
        let mayGoOn = state.withLock { state in
            if state.isOver { return false }
            let isWhole = bytes.withUnsafeBufferPointer { buffer in
                state.reader.cut(buffer) { Self.take($0, &state.lineNumber, &state.gathering) }
            }
            if !isWhole {
                state.lineNumber += 1
                Self.note(Self.tooLong, state.lineNumber, &state.gathering)
                state.hasEnded = true
            }
            return true
        }
        if mayGoOn { advance() }
        return state.withLock { state in
            if state.isOver || state.hasEnded { return false }
            state.isPaused = state.unsent.count > 0 || (state.inFlight >= Self.inFlightLimit && Self.isFull(state.gathering))
            return !state.isPaused
        }
    }

    func ended() {
        state.withLock { state in
            if !state.hasEnded { state.reader.end { Self.take($0, &state.lineNumber, &state.gathering) } }
            state.hasEnded = true
        }
        advance()
    }

    func failed(_ failure: HTTPBodyFailure) {
        // What was gathered and not handed in stays out; what was handed in is on its way.
        let stream = state.withLock { state in
            state.isOver = true
            state.gathering = Batch()
            return state.stream.take()
        }
        _ = stream
    }

    // MARK: Lines

    private static let tooLong = InputProblem(
        field: "",
        reason: "is longer than \(EventLine.lineLimitBytes) bytes; send a link to what is large"
    )

    private static func isFull(_ batch: Batch) -> Bool { batch.bytes >= batchBytes || batch.lines.count >= batchEvents }

    private static func take(_ line: [UInt8], _ number: inout Int, _ batch: inout Batch) {
        number += 1
        if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return }
        do throws(InputProblem) {
            batch.events.append(NewEvent(try EventLine(line)))
            note(nil, number, &batch)
            batch.bytes += line.count
        } catch {
            note(error, number, &batch)
        }
    }

    private static func note(_ problem: InputProblem?, _ number: Int, _ batch: inout Batch) {
        batch.lines.append((number, problem))
        // What is wrong with a line takes room as well.
        batch.bytes += 64
    }

    // MARK: Handing in

    /// Sends off what was gathered, as far as may be.
    private func advance() {
        var isMine = false
        while true {
            let batch = state.withLock { state -> Batch? in
                if state.isHandingIn, !isMine { return nil }
                isMine = Self.mayHandIn(state)
                state.isHandingIn = isMine
                guard isMine else { return nil }
                state.inFlight += 1
                defer { state.gathering = Batch() }
                return state.gathering
            }
            guard let batch else { break }
            send(batch)
        }
        finishIfDone()
    }

    /// Whether what was gathered is to be sent off now.
    private static func mayHandIn(_ state: State) -> Bool {
        guard !state.isOver, state.inFlight < inFlightLimit, !state.gathering.lines.isEmpty, state.unsent.isEmpty else { return false }
        // While one is under way, more can come together.
        return state.inFlight == 0 || isFull(state.gathering) || state.hasEnded
    }

    private func send(_ batch: Batch) {
        guard parts.book.isStillGood(request.grant.keyID, at: request.outbox.now) else {
            return stop(APIProblem(.noKey, "the key has expired or was revoked meanwhile"))
        }
        let key = request.grant.keyID ?? ""
        parts.emitGate.enterAnyway(batch.bytes, of: key)
        request.outbox.emit(TraceHeader.passed(on: request.head, to: batch.events), allOrNothing: false) { [self] result in
            parts.emitGate.leave(batch.bytes, of: key)
            switch result {
            case .success(.done(let results)):
                answer(batch, results)
            case .success(.refused): stop(APIProblem(.failed, "the events could not be stored"))
            case .failure(let problem):
                parts.options.report(request.head.id, problem)
                stop(APIProblem.from(problem))
            }
        }
    }

    // MARK: Answering

    private func answer(_ batch: Batch, _ results: [Result<EmittedEvent, InputProblem>]) {
        var text: [UInt8] = []
        var results = results.makeIterator()
        for (number, problem) in batch.lines {
            if let problem {
                text += refusal(problem, number).bytes
                continue
            }
            switch results.next() {
            case .success(let event)?:
                guard showsAll else { continue }
                var line = EmitAnswer.line(event, showsCounts: request.grant.node == nil)
                line.add("line", number)
                text += line.bytes
            case .failure(let problem)?: text += refusal(problem, number).bytes
            case nil: break
            }
        }
        state.withLock { state in
            state.inFlight -= 1
            state.unsent += text
        }
        flush()
        advance()
        resumeIfPaused()
    }

    private func refusal(_ problem: InputProblem, _ number: Int) -> JSONLine {
        var line = EmitAnswer.refusal([0: problem], isArray: false).json(basePath: parts.options.basePath)
        line.add("line", number)
        return line
    }

    /// Says why no more is taken. Before anything was answered, that is the answer.
    private func stop(_ problem: APIProblem) {
        let (stream, isFirst, unsent) = state.withLock { state in
            state.inFlight -= 1
            if state.isOver { return (nil as HTTPResponseStream?, false, [] as [UInt8]) }
            state.isOver = true
            defer { state.unsent = [] }
            return (state.stream.take(), state.stream == nil, state.unsent)
        }
        if let stream {
            var line = problem.json(basePath: parts.options.basePath)
            line.add("line", nil as Int?)
            // Where there is no room for it, the stream is cut and not ended: half of the answers must not be taken for all.
            if case .taken = stream.write(unsent + line.bytes) { stream.end() }
        } else if isFirst {
            responder.respond(problem.response(basePath: parts.options.basePath))
        }
    }

    /// Hands answers to the client's stream, as far as it has room.
    private func flush() {
        let stream = state.withLock { state -> HTTPResponseStream? in
            if state.isOver || state.unsent.isEmpty || state.waitsForRoom { return nil }
            if state.stream == nil { state.stream = begin() }
            return state.stream
        }
        guard let stream else { return }
        let written = state.withLock { state -> HTTPResponseStream.Written in
            if state.unsent.isEmpty { return .taken }
            let written = stream.write(state.unsent)
            switch written {
            case .taken: state.unsent = []
            case .full: state.waitsForRoom = true
            case .gone: state.isOver = true
            }
            return written
        }
        guard case .full = written else { return }
        // Strongly: after the body's end nothing else may hold this any more, and the answers are still to be sent.
        stream.whenThereIsRoom { [self] in
            state.withLock { $0.waitsForRoom = false }
            flush()
            advance()
            resumeIfPaused()
        }
    }

    private func begin() -> HTTPResponseStream? {
        responder.stream(HTTPResponse(status: 202, headers: ["Content-Type": EventRoutes.linesType]))
    }

    private func resumeIfPaused() {
        let resumes = state.withLock { state in
            guard state.isPaused, !state.isOver, state.unsent.isEmpty,
                state.inFlight < Self.inFlightLimit || !Self.isFull(state.gathering)
            else { return false }
            state.isPaused = false
            return true
        }
        if resumes { responder.resumeBody() }
    }

    private func finishIfDone() {
        let stream = state.withLock { state -> HTTPResponseStream? in
            guard state.hasEnded, !state.isOver, state.inFlight == 0, state.gathering.lines.isEmpty, state.unsent.isEmpty else {
                return nil
            }
            state.isOver = true
            return state.stream.take() ?? begin()
        }
        stream?.end()
    }
}
