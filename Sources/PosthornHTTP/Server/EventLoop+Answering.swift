import Glibc
internal import PosthornSystem
import Synchronization

extension EventLoop {
    /// Bodies longer than this are sent from where they are; shorter ones are copied behind their heads.
    private static let copiedBodyBytes = 16 << 10

    // MARK: Answers

    /// Sends a handler's answer.
    func answer(_ response: HTTPResponse, _ connection: ServerConnection) {
        answer(response, connection, .answered)
    }

    /// Sends the server's own refusal.
    func refuse(_ refusal: HTTPRefusal, _ connection: ServerConnection) {
        var response = configuration.refusalResponse(refusal)
        response.status = refusal.status
        if let consumer = connection.exchange?.consumer.take() { consumer.failed(.refused(refusal)) }
        answer(response, connection, .refused)
    }

    private func answer(_ response: HTTPResponse, _ connection: ServerConnection, _ outcome: HTTPAccess.Outcome) {
        if response.isHangUp { return close(connection, .cut) }
        let closes = connection.machine.beginAnswer(closes: response.closesConnection, isWhole: true)
        let start = scratch.count + connection.output.count
        let hasBody = Self.mayHaveBody(response.status)
        let isHead = connection.exchange?.head.method == "HEAD"
        let end: ResponseHead.BodyEnd
        switch isHead ? response.absentBody : nil {
        case .length(let length): end = .length(length)
        case .unknown: end = .none
        case nil: end = .length(response.body.count)
        }
        writeHead(response, hasBody ? end : .none, closes: closes, connection)
        if hasBody, !isHead { write(response.body, connection) }
        finish(connection, response.status, outcome, bytes: scratch.count + connection.output.count - start)
    }

    private static func mayHaveBody(_ status: Int) -> Bool { status != 204 && status != 304 }

    private func writeHead(
        _ response: HTTPResponse,
        _ end: ResponseHead.BodyEnd,
        closes: Bool,
        _ connection: ServerConnection
    ) {
        let isHTTP10 = connection.exchange?.isHTTP10 == true
        let additions = ResponseHead.Additions(
            bodyEnd: end,
            closes: closes,
            keepsAliveExplicitly: isHTTP10 && !closes,
            date: date.bytes,
            requestID: configuration.sendsRequestID ? connection.exchange?.head.id : nil
        )
        ResponseHead.write(status: response.status, response.headers, additions, into: &scratch)
    }

    /// The answer is written whole: what comes next is up to the machine.
    private func finish(_ connection: ServerConnection, _ status: Int, _ outcome: HTTPAccess.Outcome, bytes: Int) {
        if let consumer = connection.exchange?.consumer.take() { consumer.failed(.answered) }
        if configuration.accessLog != nil { note(connection, status, outcome, bytes: bytes) }
        let reserved = connection.exchange?.reserved ?? 0
        if reserved > 0 { shared.memory.give(back: reserved, connection.share) }
        connection.exchange = nil
        switch connection.machine.endAnswer() {
        case .next: break
        case .close: connection.ending = .close
        case .linger: connection.ending = .linger
        }
    }

    // MARK: Streams

    /// Begins an answer that is written bit by bit.
    func begin(_ response: HTTPResponse, _ stream: StreamState, _ connection: ServerConnection) {
        guard let exchange = connection.exchange else { return stream.markGone() }
        let hasBody = Self.mayHaveBody(response.status)
        if exchange.isHTTP10, hasBody { connection.machine.closeAfterAnswer() }
        let closes = connection.machine.beginAnswer(closes: response.closesConnection, isWhole: false)
        let before = scratch.count
        writeHead(response, hasBody ? (exchange.isHTTP10 ? .close : .chunked) : .none, closes: closes, connection)
        connection.exchange?.status = response.status
        connection.exchange?.answerBytes = scratch.count - before
        guard hasBody, exchange.head.method != "HEAD" else {
            stream.markGone()
            return finish(connection, response.status, .answered, bytes: scratch.count - before)
        }
        connection.exchange?.stream = stream
        connection.exchange?.streamIsChunked = !exchange.isHTTP10
        writePiece(response.body, connection)
        if isStopping, stream.isEndless { return endStream(connection) }
        if connection.machine.clientHasEnded, stream.isEndless { return close(connection, .gone) }
        pull(connection)
    }

    /// Takes over what has been written to a stream, and its end.
    func pull(_ connection: ServerConnection) {
        guard let stream = connection.exchange?.stream else { return }
        let (bytes, end) = stream.take()
        connection.exchange?.streamUnsent += bytes.count
        writePiece(bytes, connection)
        switch end {
        case .whole: endStream(connection)
        case .cut: close(connection, .cut)
        case nil: break
        }
    }

    /// A stream's body is whole.
    func endStream(_ connection: ServerConnection) {
        guard let exchange = connection.exchange else { return }
        exchange.stream?.markGone()
        if exchange.streamIsChunked { write(Array("0\r\n\r\n".utf8), connection) }
        finish(connection, exchange.status ?? 200, .answered, bytes: connection.exchange?.answerBytes ?? 0)
    }

    /// Writes a piece of a stream's body, as a chunk where the client takes them.
    private func writePiece(_ bytes: [UInt8], _ connection: ServerConnection) {
        if bytes.isEmpty { return }
        connection.exchange?.answerBytes += bytes.count
        guard connection.exchange?.streamIsChunked == true else { return write(bytes, connection) }
        scratch.append(hexadecimal: bytes.count)
        scratch.append(text: "\r\n")
        write(bytes, connection)
        scratch.append(text: "\r\n")
    }

    // MARK: Sending

    /// Puts bytes behind what is to be sent.
    func write(_ bytes: [UInt8], _ connection: ServerConnection) {
        if bytes.count <= Self.copiedBodyBytes { return scratch.append(contentsOf: bytes) }
        keepScratch(connection)
        connection.output.append(bytes)
    }

    /// Moves what could not be sent at once to where it can wait.
    private func keepScratch(_ connection: ServerConnection, from start: Int = 0) {
        if scratch.count > start { connection.output.append(Array(scratch[start...])) }
        scratch.removeAll(keepingCapacity: true)
    }

    /// Hands as much to the system as it takes.
    func flush(_ connection: ServerConnection) {
        if connection.isClosed { return scratch.removeAll(keepingCapacity: true) }
        guard !scratch.isEmpty || !connection.output.isEmpty else { return }
        if connection.output.isEmpty, connection.mayWrite {
            guard let sent = scratch.withUnsafeBytes({ send($0, connection) }) else { return close(connection, .gone) }
            keepScratch(connection, from: sent)
        } else {
            keepScratch(connection)
        }
        if connection.mayWrite, !connection.output.isEmpty {
            guard connection.output.drain({ send($0, connection) }) else { return close(connection, .gone) }
        }
        noteStreamSent(connection)
    }

    /// How many bytes the system took; `nil` when the connection is broken.
    private func send(_ bytes: UnsafeRawBufferPointer, _ connection: ServerConnection) -> Int? {
        var total = 0
        while total < bytes.count, connection.mayWrite {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[total...])
            if let tls = connection.tls {
                switch tls.write(rest) {
                case .bytes(let count): total += count
                case .full: connection.mayWrite = false
                case .failed: return nil
                }
                continue
            }
            let sent = Glibc.send(connection.descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            if sent >= 0 {
                total += sent
            } else if errno == EAGAIN {
                connection.mayWrite = false
            } else if errno != EINTR {
                return nil
            }
        }
        prolong(connection, total, if: .answerProgress)
        return total
    }

    /// A stream's writer may go on as its bytes are sent.
    private func noteStreamSent(_ connection: ServerConnection) {
        guard let exchange = connection.exchange, let stream = exchange.stream, exchange.streamUnsent > 0 else { return }
        let sent = max(0, exchange.streamUnsent - connection.output.count)
        guard sent > 0 else { return }
        connection.exchange?.streamUnsent -= sent
        stream.sent(sent)
    }

    // MARK: Afterwards

    /// Ends a connection that has nothing more to send, sets the limit of time for any other, and says whether it can make room.
    func settle(_ connection: ServerConnection) {
        if connection.isClosed { return }
        if connection.output.isEmpty { finishSent(connection) }
        if connection.isClosed { return }
        let timer = timer(of: connection)
        let isNewTurn = connection.timedTurn != connection.machine.turn
        if timer.restarts(from: deadlines.timer(slot: connection.slot), isNewTurn: isNewTurn) {
            connection.timedTurn = connection.machine.turn
            connection.progress = 0
            deadlines.start(timer, slot: connection.slot, now: now)
        }
        let isEvictable = timer == .idle || timer == .head || timer == .handshake
        guard isEvictable != connection.isCountedEvictable else { return }
        connection.isCountedEvictable = isEvictable
        link.evictable.add(isEvictable ? 1 : -1, ordering: .relaxed)
        if isEvictable { makeRoom() }
    }

    private func timer(of connection: ServerConnection) -> ConnectionTimer {
        if let tls = connection.tls, !tls.isAgreed { return .handshake }
        if !connection.output.isEmpty { return .answerProgress }
        if case .lingering = connection.ending { return .linger }
        if connection.exchange?.isPaused == true { return .handler }
        return connection.machine.timer
    }

    /// Everything is sent.
    private func finishSent(_ connection: ServerConnection) {
        if !connection.unlogged.isEmpty { logSent(connection, nil) }
        switch connection.ending {
        case .none: break
        case .close where connection.leftover.isEmpty: close(connection, .answered)
        case .close, .linger:
            connection.leftover = []
            connection.ending = .lingering
            connection.tls?.end()
            shutdown(connection.descriptor, Int32(SHUT_WR))
            if connection.inputHasEnded { close(connection, .answered) } else if connection.mayRead { queue(connection) }
        case .lingering: if connection.inputHasEnded { close(connection, .answered) }
        }
    }

    // MARK: Access log

    private func note(_ connection: ServerConnection, _ status: Int, _ outcome: HTTPAccess.Outcome, bytes: Int) {
        let exchange = connection.exchange
        if exchange == nil { lastRequestID &+= 0x9E37_79B9_7F4A_7C15 }
        connection.unlogged.append(
            HTTPAccess.Draft(
                id: exchange?.head.id ?? HTTPRequestID(lastRequestID),
                head: exchange?.head,
                note: exchange?.note,
                status: status,
                outcome: outcome,
                bodyBytes: exchange?.bodyBytes ?? 0,
                answerBytes: bytes,
                began: exchange?.began ?? now
            )
        )
    }

    /// - Parameter outcome: What became of answers that were not sent whole; `nil` when they were.
    private func logSent(_ connection: ServerConnection, _ outcome: HTTPAccess.Outcome?) {
        for draft in connection.unlogged { log(draft, connection, outcome ?? draft.outcome) }
        connection.unlogged = []
    }

    private func log(_ draft: HTTPAccess.Draft, _ connection: ServerConnection, _ outcome: HTTPAccess.Outcome) {
        configuration.accessLog?(
            HTTPAccess(
                id: draft.id,
                head: draft.head,
                note: draft.note,
                remoteAddress: draft.head?.remoteAddress ?? connection.remoteAddress,
                status: draft.status,
                outcome: outcome,
                bodyBytes: draft.bodyBytes,
                answerBytes: draft.answerBytes,
                durationNanoseconds: MonotonicClock.nanoseconds() - draft.began
            )
        )
    }

    /// The connection is closed: reports that to its handler, its stream, its watchers and the access log.
    func abandon(_ connection: ServerConnection, _ outcome: HTTPAccess.Outcome) {
        if !connection.unlogged.isEmpty { logSent(connection, outcome) }
        guard let exchange = connection.exchange else { return }
        connection.exchange = nil
        if exchange.reserved > 0 { shared.memory.give(back: exchange.reserved, connection.share) }
        exchange.consumer?.failed(.gone)
        exchange.stream?.markGone()
        for watcher in exchange.watchers { watcher() }
        let draft = HTTPAccess.Draft(
            id: exchange.head.id,
            head: exchange.head,
            note: exchange.note,
            status: exchange.status,
            outcome: outcome,
            bodyBytes: exchange.bodyBytes,
            answerBytes: exchange.answerBytes,
            began: exchange.began
        )
        log(draft, connection, outcome)
    }
}
