import Glibc
internal import PosthornSystem

extension EventLoop {
    /// Does all that can be done for a connection now: takes input, answers, sends, and sets its limit of time.
    func serve(_ connection: ServerConnection) {
        if connection.isClosed { return }
        // First what waits to be sent: input that waits for that may be taken then, and no event would say so later.
        if !connection.output.isEmpty { flush(connection) }
        takeInput(connection)
        flush(connection)
        if connection.inputHasEnded { endInput(connection) }
        settle(connection)
    }

    /// Nothing more comes from the client. What it has asked for it still gets; half a request is none.
    private func endInput(_ connection: ServerConnection) {
        guard !connection.isClosed, case .none = connection.ending, connection.leftover.isEmpty, connection.machine.wantsInput,
            connection.machine.endInput()
        else { return }
        if connection.exchange != nil { close(connection, .gone) } else { connection.ending = .close }
    }

    private func takeInput(_ connection: ServerConnection) {
        if !connection.leftover.isEmpty, connection.wantsInput(outputLimit: Self.outputLimitBytes) {
            let leftover = connection.leftover
            connection.leftover = []
            consume(leftover.span, connection)
        }
        for turn in 0..<Self.readsPerTurn where turn == 0 || inputBudgetBytes > 0 {
            guard !connection.isClosed, connection.mayRead, !connection.inputHasEnded, connection.leftover.isEmpty,
                connection.wantsInput(outputLimit: Self.outputLimitBytes)
            else { return }
            read(connection)
        }
        if !connection.isClosed, connection.mayRead { queue(connection) }
    }

    private func read(_ connection: ServerConnection) {
        let room = connection.machine.isReadingBody ? Self.bodyReadBytes : Self.readBytes
        if let tls = connection.tls { return read(tls, room, connection) }
        let count = recv(connection.descriptor, input.baseAddress, room, 0)
        if count > 0 {
            inputBudgetBytes -= count
            // Less than there was room for is all there was, unless the client's end is behind it.
            if count < room, !connection.machine.clientHasEnded { connection.mayRead = false }
            consume(UnsafeMutableBufferPointer(rebasing: input[..<count]).span, connection)
        } else if count == 0 {
            connection.inputHasEnded = true
            noteClientEnded(connection)
        } else if errno == EAGAIN {
            connection.mayRead = false
        } else if errno != EINTR {
            close(connection, .gone)
        }
    }

    private func read(_ tls: TLSConnection, _ room: Int, _ connection: ServerConnection) {
        switch tls.read(into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: input[..<room]))) {
        case .bytes(let count):
            inputBudgetBytes -= count
            consume(UnsafeMutableBufferPointer(rebasing: input[..<count]).span, connection)
        case .exhausted: connection.mayRead = false
        case .again: break
        case .ended:
            connection.inputHasEnded = true
            noteClientEnded(connection)
        case .plainHTTP:
            // What it has sent is lost, and so is every request behind it; but it can be answered in the clear.
            connection.tls = nil
            perform(connection.machine.refuse(HTTPRefusal(400, "this port speaks TLS; write https://")), connection)
        case .failed(let reason):
            if !tls.isAgreed {
                configuration.handshakeFailed?(HTTPHandshakeFailure(remoteAddress: connection.remoteAddress, reason: reason))
            }
            close(connection, .gone)
        }
    }

    /// The client has ended its side: notifies the handler that still owes it an answer.
    func noteClientEnded(_ connection: ServerConnection) {
        guard connection.machine.endClient() else { return }
        let watchers = connection.exchange?.watchers ?? []
        connection.exchange?.watchers = []
        for watcher in watchers { watcher() }
        if connection.exchange?.stream?.isEndless == true { close(connection, .gone) }
    }

    /// Lets the machine take bytes, and does what it says.
    private func consume(_ bytes: Span<UInt8>, _ connection: ServerConnection) {
        var position = 0
        while !connection.isClosed {
            switch connection.machine.next(bytes, &position) {
            case .starved: return
            case .held: return keep(bytes, from: position, connection)
            case .decide(let head): decide(head, connection)
            case .body(let range): take(bytes.extracting(range), connection)
            case .bodyEnded: endBody(connection)
            case .refuse(let refusal): refuse(refusal, connection)
            case .abort: return close(connection, .cut)
            }
            if connection.output.count + scratch.count > Self.outputLimitBytes {
                flush(connection)
                if connection.output.count > Self.outputLimitBytes { return keep(bytes, from: position, connection) }
            }
        }
    }

    /// Puts input aside until the machine wants it.
    private func keep(_ bytes: Span<UInt8>, from position: Int, _ connection: ServerConnection) {
        if position < bytes.count, !connection.isClosed { connection.leftover = bytes.extracting(position..<bytes.count).array }
    }

    // MARK: Requests

    /// A head is there: asks what is to become of its request.
    private func decide(_ parsed: ParsedHead, _ connection: ServerConnection) {
        lastRequestID &+= 0x9E37_79B9_7F4A_7C15
        let head = HTTPRequestHead(
            method: parsed.method,
            target: HTTPTarget(parsed.target),
            headers: parsed.headers,
            bodyLength: parsed.bodyLength,
            remoteAddress: client(of: connection, parsed.headers),
            isSecure: isSecure(connection, parsed.headers),
            id: HTTPRequestID(lastRequestID)
        )
        connection.exchange = ServerConnection.Exchange(head: head, isHTTP10: parsed.minorVersion == 0, began: now)
        follow(shared.decide(head), head, connection)
    }

    private func follow(_ decision: HTTPDecision, _ head: HTTPRequestHead, _ connection: ServerConnection) {
        switch decision {
        case .noted(let note, let decision):
            connection.exchange?.note = note
            follow(decision, head, connection)
        case .answer(let response):
            connection.machine.decline()
            answer(response, connection)
        case .collect(let limit, let handler):
            guard accept(limit, isStreamed: false, connection) else { return }
            connection.exchange?.handler = handler
        case .stream(let limit, let make):
            guard accept(limit, isStreamed: true, connection) else { return }
            connection.exchange?.consumer = make(head, responder(connection))
        }
    }

    private func client(of connection: ServerConnection, _ headers: HTTPHeaders) -> String {
        guard connection.share.isProxy, let client = configuration.proxies?.client(headers) else { return connection.remoteAddress }
        return client.description
    }

    private func isSecure(_ connection: ServerConnection, _ headers: HTTPHeaders) -> Bool {
        connection.tls != nil || connection.share.isProxy && configuration.proxies?.isSecure(headers) ?? false
    }

    private func responder(_ connection: ServerConnection) -> HTTPResponder {
        HTTPResponder(connection.exchangeID, link, streamBufferLimitBytes: configuration.streamBufferLimitBytes)
    }

    private func accept(_ limit: Int?, isStreamed: Bool, _ connection: ServerConnection) -> Bool {
        switch connection.machine.accept(limit: limit, isStreamed: isStreamed) {
        case .refuse(let refusal):
            refuse(refusal, connection)
            return false
        case .proceed(let sendsContinue):
            if sendsContinue { write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), connection) }
            return true
        }
    }

    /// More of a body that is wanted.
    private func take(_ bytes: Span<UInt8>, _ connection: ServerConnection) {
        connection.exchange?.bodyBytes += bytes.count
        if let consumer = connection.exchange?.consumer {
            prolong(connection, bytes.count, if: .bodyProgress)
            if !consumer.received(bytes) { connection.exchange?.isPaused = true }
            return
        }
        guard reserve(bytes.count, connection) else {
            let refusal = HTTPRefusal(503, "the bodies of requests take up all the memory that they may; try again later")
            return perform(connection.machine.refuse(refusal), connection)
        }
        bytes.withUnsafeBufferPointer { bytes in connection.exchange?.body.append(contentsOf: bytes) }
    }

    /// Accounts for memory for more of a body, as it comes: a length that is only announced takes none.
    private func reserve(_ count: Int, _ connection: ServerConnection) -> Bool {
        guard let exchange = connection.exchange else { return false }
        let needed = exchange.body.count + count
        if needed <= exchange.reserved { return true }
        var wanted = max(needed, 2 * exchange.reserved)
        if case .known(let length) = exchange.head.bodyLength { wanted = min(length, wanted) }
        guard shared.memory.take(wanted - exchange.reserved, connection.share) else { return false }
        connection.exchange?.reserved = wanted
        connection.exchange?.body.reserveCapacity(wanted)
        return true
    }

    /// The body is whole.
    private func endBody(_ connection: ServerConnection) {
        if let consumer = connection.exchange?.consumer {
            connection.exchange?.consumer = nil
            connection.exchange?.isPaused = false
            return consumer.ended()
        }
        guard let handler = connection.exchange?.handler.take(), let head = connection.exchange?.head else { return }
        let request = HTTPRequest(head: head, body: connection.exchange?.body ?? [])
        connection.exchange?.body = []
        switch handler {
        case .immediate(let handle): answer(handle(request), connection)
        case .later(let handle): handle(request, responder(connection))
        }
    }

    /// Does what the machine says to a refusal that did not come from its input.
    private func perform(_ step: ConnectionMachine.Step, _ connection: ServerConnection) {
        if case .refuse(let refusal) = step { refuse(refusal, connection) } else { close(connection, .cut) }
    }

    // MARK: Time

    /// Acts on every connection whose time is up.
    func expire() {
        while let (slot, timer) = deadlines.expired(now: now) {
            guard let connection = connections[slot] else {
                deadlines.remove(slot: slot)
                continue
            }
            switch timer {
            case .handshake:
                configuration.handshakeFailed?(
                    HTTPHandshakeFailure(remoteAddress: connection.remoteAddress, reason: "the handshake did not end in time")
                )
                close(connection, .cut)
            case .idle, .linger, .none: close(connection, .cut)
            case .answerProgress, .halfClosed: close(connection, .late)
            case .head: refuseLate(HTTPRefusal(408, "the request's head did not come in time"), connection)
            case .body, .bodyProgress: refuseLate(HTTPRefusal(408, "the request's body did not come in time"), connection)
            case .handler: refuseLate(HTTPRefusal(503, "the request was not answered in time"), connection)
            }
        }
    }

    private func refuseLate(_ refusal: HTTPRefusal, _ connection: ServerConnection) {
        perform(connection.machine.refuse(refusal), connection)
        if !connection.isClosed { serve(connection) }
    }

    /// A connection has moved `count` bytes: its deadline starts again once `progressBytes` have gone.
    func prolong(_ connection: ServerConnection, _ count: Int, if timer: ConnectionTimer) {
        connection.progress += count
        guard connection.progress >= configuration.progressBytes else { return }
        connection.progress = 0
        if deadlines.timer(slot: connection.slot) == timer { deadlines.start(timer, slot: connection.slot, now: now) }
    }
}
