import CPosthornCurl
import CPosthornLinux
import Glibc
import PosthornSystem

// The deadlines of requests are kept here and not by libcurl, which looks at its clock before it looks at its sockets, and at any moment at
// which it is called: a thread that was stopped just before would have answers that came meanwhile called time-outs. Here a deadline counts
// by a time that was taken before the sockets were read, and it moves by the length of a time in which the thread could not run.
extension SenderThread {
    /// Looks whether the thread could not run for a while, and moves the deadlines of what is on the wire, or waits for a name.
    /// - Returns: Whether it was so, and something was on the wire.
    func moveDeadlinesAfterStall(_ now: Int64) -> Bool {
        let length = state.stalls.runs(at: now)
        if length > 0 { state.names.outlast(length) { $0.outlast(length) } }
        if length == 0 || state.window.count == 0 { return false }
        for transfer in state.transfers {
            guard let job = transfer.state.job else { continue }
            transfer.outlast(length)
            state.nextDeadline = min(state.nextDeadline, transfer.deadline(job))
        }
        return true
    }

    /// Reads whatever lies in the sockets.
    func readSockets() {
        while handleEvents(epoll_wait(epoll, events, Int32(Self.eventLimit), 0)) {}
    }

    /// Tells libcurl what epoll says.
    /// - Returns: Whether there may be more.
    func handleEvents(_ count: Int32) -> Bool {
        for index in 0..<Int(max(0, count)) {
            let event = events[index]
            if event.data.u64 == Self.wakerMark {
                mailbox.waker.reset()
                continue
            }
            let (socket, shard) = SocketTable.place(of: event)
            if context.sockets.isWanted(socket) { shards[shard].handle(socket, events: event.events) }
        }
        return count == Int32(Self.eventLimit)
    }

    /// Ends those whose deadline had come at `now`, which is a time from before this turn.
    func endOverdue(_ now: Int64) {
        if now < state.nextDeadline { return }
        // What has come by then counts.
        readSockets()
        state.nextDeadline = .max
        for transfer in state.transfers {
            guard let job = transfer.state.job else { continue }
            if transfer.deadline(job) > now {
                state.nextDeadline = min(state.nextDeadline, transfer.deadline(job))
                continue
            }
            let shard = transfer.state.grant.way.shard
            if context.guard.proxy != nil { transfer.noteConnection() }
            if transfer.isOver {
                // It did not look.
                curl_multi_remove_handle(shards[shard].multi, transfer.easy)
                finish(transfer, CURLE_OPERATION_TIMEDOUT)
                continue
            }
            transfer.end()
            // A change of what is paused makes libcurl look at a transfer at once (lib/easy.c, `curl_easy_pause`).
            curl_easy_pause(transfer.easy, posthorn_curl_pause_receiving)
            curl_easy_pause(transfer.easy, posthorn_curl_pause_nothing)
            shards[shard].runTimer()
            state.nextDeadline = min(state.nextDeadline, now + Self.endingNanoseconds)
        }
    }

    /// How long libcurl has to end what is over.
    private static let endingNanoseconds: Int64 = 100_000_000
}

extension Transfer {
    /// The thread could not run for a while: the deadline moves by as much.
    fileprivate func outlast(_ nanoseconds: Int64) {
        state.startedNanoseconds += nanoseconds
        if isOver { return }
        state.currentTimeout += Int(nanoseconds / 1_000_000) + 1
        posthorn_curl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, state.currentTimeout)
    }

    /// Whether its deadline has come.
    fileprivate var isOver: Bool { state.currentTimeout < 0 }

    /// The deadline has come: libcurl finds it passed when it looks at the transfer next.
    fileprivate func end() {
        state.currentTimeout = -1
        posthorn_curl_set_long(easy, CURLOPT_TIMEOUT_MS, 1)
        posthorn_curl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, 1)
    }

    func deadline(_ job: SendJob) -> Int64 { state.startedNanoseconds + Int64(job.target.timeoutMilliseconds) * 1_000_000 }
}
