import Glibc
import PosthornSystem
import Synchronization

/// The thread of a receiver: all its connections in one `poll`.
struct ReceiverLoop {
    private let listener: Listener
    private let waker: Waker
    private let shared: ReceiverShared
    private let options: MisbehavingReceiver.Options
    private let behaviour: MisbehavingReceiver.Behaviour
    private var connections: [ReceiverConnection] = []
    private var accepted = 0

    init(
        _ listener: Listener,
        _ waker: Waker,
        _ shared: ReceiverShared,
        _ options: MisbehavingReceiver.Options,
        _ behaviour: @escaping MisbehavingReceiver.Behaviour
    ) {
        self.listener = listener
        self.waker = waker
        self.shared = shared
        self.options = options
        self.behaviour = behaviour
    }

    func run() {
        signal(SIGPIPE, SIG_IGN)
        var loop = self
        while !shared.log.withLock({ $0.isStopping }) { loop.turn() }
        close(listener.descriptor)
        for connection in loop.connections { connection.end(withReset: false) }
    }

    private mutating func turn() {
        var set = [pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0)]
        set.append(pollfd(fd: waker.descriptor, events: Int16(POLLIN), revents: 0))
        for connection in connections { set.append(pollfd(fd: connection.descriptor, events: connection.events, revents: 0)) }
        let now = MonotonicClock.nanoseconds()
        let next = connections.map(\.resumeAt).min() ?? .max
        let timeout = next == .max ? -1 : Int32(clamping: max(0, (next - now + 999_999) / 1_000_000))
        _ = poll(&set, nfds_t(set.count), timeout)
        if set[1].revents != 0 { waker.reset() }
        let isReleased = shared.log.withLock { $0.isReleased }
        for (index, connection) in connections.enumerated() {
            if set[index + 2].revents != 0 { read(connection) }
            work(connection, isReleased)
            serve(connection)
        }
        let before = connections.count
        connections.removeAll { $0.isEnded }
        let ended = before - connections.count
        if ended > 0 { shared.write { $0.openConnections -= ended } }
        if set[0].revents != 0 { acceptAll() }
    }

    private mutating func acceptAll() {
        while true {
            let descriptor = accept(listener.descriptor, nil, nil)
            if descriptor < 0 { return }
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            let connection = ReceiverConnection(descriptor, number: accepted)
            accepted += 1
            connections.append(connection)
            shared.write { log in
                log.connections += 1
                log.openConnections += 1
            }
            if let greeting = options.greeting {
                connection.steps = greeting.steps
                work(connection, shared.log.withLock { $0.isReleased })
            }
        }
    }

    private func work(_ connection: ReceiverConnection, _ isReleased: Bool) {
        let wasBusy = !connection.isIdle
        connection.work(isReleased: isReleased)
        if wasBusy && (connection.isIdle || connection.isEnded) { shared.write { $0.repliesDone += 1 } }
    }

    private func read(_ connection: ReceiverConnection) {
        let count = connection.readAll()
        if count > 0 { shared.write { $0.bytes += count } }
        // What came whole before the other side went away is a receipt, though nobody waits for its answer.
        while connection.isEnded, let request = connection.takeRequest() { note(request, on: connection) }
    }

    private func note(_ request: ReceivedRequest, on connection: ReceiverConnection) {
        shared.write { if connection.isFinished { $0.crossing.append(request) } else { $0.requests.append(request) } }
    }

    /// Answers the requests that are there, one after the other.
    private func serve(_ connection: ReceiverConnection) {
        while connection.isIdle {
            if let reply = options.onHead, connection.reader.head() != nil {
                connection.steps = reply.steps
                connection.reader = RequestReader()
            } else if let request = connection.takeRequest() {
                note(request, on: connection)
                connection.steps = connection.isFinished ? [] : behaviour(request).steps
            } else {
                return
            }
            work(connection, shared.log.withLock { $0.isReleased })
        }
    }
}
