import CPosthornCurl
import CPosthornLinux
import Glibc
import PosthornSystem

// Requests outlast a time in which the thread could not run: their deadlines move by its length, and what lies in their sockets is read
// before any of them is called a time-out.
extension SenderThread {
    /// Looks whether the thread could not run for a while, and moves the deadlines of what is on the wire.
    /// - Returns: Whether it was so.
    func moveDeadlinesAfterStall(_ now: Int64) -> Bool {
        let length = state.stalls.runs(at: now)
        if length == 0 || state.window.count == 0 { return false }
        for transfer in state.transfers {
            guard let job = transfer.state.job else { continue }
            transfer.outlast(length)
            state.nextOutlasted = min(state.nextOutlasted, transfer.deadline(job))
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

    /// Has libcurl look at those whose moved deadline has come: its own timer for them was at the former one.
    func endOutlasted(_ now: Int64) {
        if now < state.nextOutlasted { return }
        state.nextOutlasted = .max
        for transfer in state.transfers where transfer.state.hasOutlasted {
            guard let job = transfer.state.job else { continue }
            if transfer.deadline(job) > now {
                state.nextOutlasted = min(state.nextOutlasted, transfer.deadline(job))
                continue
            }
            // A change of what is paused makes libcurl look at a transfer at once (lib/easy.c, `curl_easy_pause`).
            curl_easy_pause(transfer.easy, posthorn_curl_pause_receiving)
            curl_easy_pause(transfer.easy, posthorn_curl_pause_nothing)
            shards[transfer.state.grant.way.shard].runTimer()
        }
    }
}

extension Transfer {
    /// The thread could not run for a while: the deadline moves by as much.
    fileprivate func outlast(_ nanoseconds: Int64) {
        state.hasOutlasted = true
        state.startedNanoseconds += nanoseconds
        state.currentTimeout += Int(nanoseconds / 1_000_000) + 1
        posthorn_curl_set_long(easy, CURLOPT_TIMEOUT_MS, state.currentTimeout)
        posthorn_curl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, state.currentTimeout)
    }

    fileprivate func deadline(_ job: SendJob) -> Int64 { state.startedNanoseconds + Int64(job.target.timeoutMilliseconds) * 1_000_000 }
}
