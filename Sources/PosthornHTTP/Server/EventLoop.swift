import CPosthornLinux
import Glibc
internal import PosthornSystem
import Synchronization

/// What all loops of a server share.
final class ServerShared: Sendable {
    let configuration: HTTPServerConfiguration
    let decide: @Sendable (HTTPRequestHead) -> HTTPDecision
    let links: [LoopLink]
    let clients: ClientTable
    let memory: BodyMemory
    /// Whether the loop that accepts waits for another to have room.
    let acceptorWaits = Atomic(false)
    /// Loops that have heard that the server stops, and take no more connections.
    let stoppingLoops = Atomic(0)
    /// Signalled by a loop that has served its last connection while the server stops.
    let drained: Waker

    init(
        _ configuration: HTTPServerConfiguration,
        _ decide: @escaping @Sendable (HTTPRequestHead) -> HTTPDecision
    ) throws(SystemProblem) {
        self.configuration = configuration
        self.decide = decide
        var links: [LoopLink] = []
        for _ in 0..<configuration.threads { links.append(try LoopLink()) }
        self.links = links
        drained = try Waker()
        clients = ClientTable(limit: configuration.connectionLimitPerAddress, proxies: configuration.proxies)
        memory = BodyMemory(
            limit: configuration.bodyMemoryLimitBytes,
            limitPerClient: configuration.bodyMemoryLimitPerAddressBytes
        )
    }

    /// How many connections one loop may have.
    var connectionLimitPerLoop: Int { (configuration.connectionLimit + links.count - 1) / links.count }

    /// Whether the server stops and has no connection left.
    var isDrained: Bool {
        stoppingLoops.load(ordering: .sequentiallyConsistent) == links.count
            && links.allSatisfy { $0.open.load(ordering: .sequentiallyConsistent) == 0 }
    }
}

/// A thread's loop over its connections: it waits for the system, lets each connection's machine decide, and does what it
/// says. Everything in it belongs to its thread.
///
/// Sockets are watched for their edges, so that none is armed again for each request: what an event or a call says of a
/// socket holds until a call finds it exhausted (epoll(7)).
final class EventLoop {
    /// How many bytes one read takes; what a connection may leave over for later while its request waits.
    static let readBytes = 16 << 10
    /// The same for bodies.
    static let bodyReadBytes = 64 << 10
    /// How many bytes may wait to be sent while further requests of the same connection are read.
    static let outputLimitBytes = 64 << 10
    /// How many reads a connection gets before it is others' turn.
    static let readsPerTurn = 16
    /// How many bytes all connections together may hand over in a turn beyond one read of each: hundreds of bodies that come at
    /// once would otherwise keep new connections waiting until each has had all of its reads.
    private static let inputBytesPerTurn = 1 << 20
    /// How many events one call brings.
    private static let eventsPerTurn = 64
    private static let listenerToken = UInt64.max
    private static let wakerToken = UInt64.max - 1

    let shared: ServerShared
    let configuration: HTTPServerConfiguration
    let link: LoopLink
    let poller: Int32
    var connections: [ServerConnection?] = []
    private var generations: [UInt32] = []
    private var freeSlots: [Int] = []
    var deadlines: DeadlineTable
    /// Nanoseconds of the monotonic clock when the last events came.
    var now = MonotonicClock.nanoseconds()
    var date = HTTPDate()
    let input: UnsafeMutableBufferPointer<UInt8>
    /// What is to be sent to the connection that is being served.
    var scratch: [UInt8] = []
    var lastRequestID: UInt64
    var isStopping = false
    private var isHalted = false
    /// Slots that have more to read, when it is their turn again.
    private var backlog: [(slot: Int, generation: UInt32)] = []
    /// What is left of ``inputBytesPerTurn``.
    var inputBudgetBytes = 0
    /// Connections that may be closed in this turn to make room, the first to go at the end.
    private var evictionOrder: [(slot: Int, generation: UInt32)] = []
    var acceptor: Acceptor?

    /// - Parameters:
    ///   - index: Which of the server's loops.
    ///   - listener: Where connections come in, for the loop that accepts.
    init(_ shared: ServerShared, index: Int, poller: Int32, listener: ListeningSocket?) {
        self.shared = shared
        self.poller = poller
        configuration = shared.configuration
        link = shared.links[index]
        deadlines = DeadlineTable { shared.configuration.milliseconds(of: $0) }
        input = .allocate(capacity: Self.bodyReadBytes)
        lastRequestID = UInt64.random(in: .min ... .max)
        acceptor = listener.map { Acceptor($0, poller, token: Self.listenerToken) }
        scratch.reserveCapacity(4096)
    }

    deinit {
        input.deallocate()
        Glibc.close(poller)
    }

    /// Serves until it is told to halt.
    func run() {
        link.begin()
        watch(link.waker.descriptor, Self.wakerToken, EPOLLIN.rawValue)
        acceptor?.begin()
        var events = [epoll_event](repeating: epoll_event(), count: Self.eventsPerTurn)
        while !isHalted {
            let count = epoll_wait(poller, &events, Int32(events.count), timeout)
            now = MonotonicClock.nanoseconds()
            date.set(secondsSince1970: Int64(time(nil)))
            inputBudgetBytes = Self.inputBytesPerTurn
            evictionOrder.removeAll(keepingCapacity: true)
            for i in 0..<max(0, Int(count)) { dispatch(events[i].data.u64, events[i].events) }
            serveBacklog()
            readMail()
            expire()
            if acceptor?.isPaused == true { resumeAccepting() }
        }
        for connection in connections { if let connection { close(connection, .cut) } }
    }

    private func watch(_ descriptor: Int32, _ token: UInt64, _ flags: UInt32) {
        var event = epoll_event()
        event.events = flags
        event.data.u64 = token
        epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event)
    }

    /// Milliseconds until something is due; -1 when nothing is.
    private var timeout: Int32 {
        if !backlog.isEmpty || link.hasMail { return 0 }
        let due = [deadlines.next, acceptor?.retryAt].compactMap { $0 }.min()
        guard let due else { return -1 }
        // Rounded up, so that it is not too early when it wakes.
        return Int32(clamping: max(0, (due - MonotonicClock.nanoseconds() + 999_999) / 1_000_000))
    }

    private func dispatch(_ token: UInt64, _ flags: UInt32) {
        switch token {
        case Self.wakerToken: link.waker.reset()
        case Self.listenerToken: acceptConnections()
        default:
            let slot = Int(token & 0xFFFF_FFFF)
            guard let connection = connections[slot], connection.generation == UInt32(token >> 32) else { return }
            // Both sides have ended, or the connection was reset: there is no client left to answer.
            if flags & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { return close(connection, .gone) }
            if flags & EPOLLOUT.rawValue != 0 { connection.mayWrite = true }
            if flags & EPOLLIN.rawValue != 0 { connection.mayRead = true }
            // A read of TLS may have waited for room to write, and the other way round.
            if connection.tls != nil { (connection.mayRead, connection.mayWrite) = (true, true) }
            if flags & EPOLLRDHUP.rawValue != 0 {
                connection.mayRead = true
                noteClientEnded(connection)
            }
            serve(connection)
        }
    }

    // MARK: Connections

    /// Takes over a connection that was accepted and counted.
    func adopt(_ socket: AcceptedSocket) {
        if isStopping { return refuse(socket) }
        if link.open.load(ordering: .relaxed) > shared.connectionLimitPerLoop, !evict() { return refuse(socket) }
        let slot = freeSlots.popLast() ?? connections.count
        if slot == connections.count {
            connections.append(nil)
            generations.append(0)
        }
        generations[slot] &+= 1
        let limits = RequestParser.Limits(headBytes: configuration.headLimitBytes, fields: configuration.fieldLimit)
        let connection = ServerConnection(socket, slot: slot, generation: generations[slot], limits: limits)
        connections[slot] = connection
        if let tls = configuration.tls {
            connection.tls = TLSConnection(tls, descriptor: socket.descriptor)
            if connection.tls == nil { return close(connection, .cut) }
        }
        watch(
            socket.descriptor,
            UInt64(slot) | UInt64(connection.generation) << 32,
            EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        )
        serve(connection)
    }

    private func refuse(_ socket: AcceptedSocket) {
        Glibc.close(socket.descriptor)
        release(socket.share)
    }

    /// Closes a connection and forgets it.
    func close(_ connection: ServerConnection, _ outcome: HTTPAccess.Outcome) {
        if connection.isClosed { return }
        connection.isClosed = true
        // Otherwise the system would keep what a client has not read for it to read after all.
        if outcome == .late { ListeningSocket.dropUnsent(connection.descriptor) }
        // A request that is cut off is to look like one.
        if connection.exchange == nil { connection.tls?.end() }
        connection.tls = nil
        Glibc.close(connection.descriptor)
        deadlines.remove(slot: connection.slot)
        if connection.isCountedEvictable { link.evictable.subtract(1, ordering: .relaxed) }
        connections[connection.slot] = nil
        freeSlots.append(connection.slot)
        scratch.removeAll(keepingCapacity: true)
        abandon(connection, outcome)
        release(connection.share)
    }

    private func release(_ share: ClientShare) {
        shared.clients.release(share)
        let left = link.open.subtract(1, ordering: .sequentiallyConsistent).newValue
        if isStopping, left == 0 { shared.drained.signal() }
        makeRoom()
    }

    /// There may be room where there was none.
    func makeRoom() {
        guard shared.acceptorWaits.load(ordering: .relaxed) else { return }
        if shared.acceptorWaits.exchange(false, ordering: .sequentiallyConsistent) { shared.links[0].waker.signal() }
    }

    /// Closes the connection that has waited longest for a request, of the client that has the most of them. Returns whether
    /// there was one.
    func evict() -> Bool {
        if evictionOrder.isEmpty { chooseEvictions() }
        while let (slot, generation) = evictionOrder.popLast() {
            guard let connection = connections[slot], connection.generation == generation, connection.machine.isEvictable else { continue }
            close(connection, .cut)
            return true
        }
        return false
    }

    /// Looking at hundreds of connections costs far more than accepting one, and a flood makes room for each of thousands: so
    /// several are chosen at once, which holds for one turn at most.
    private func chooseEvictions() {
        var candidates = deadlines.slots(under: .idle, atMost: 256)
        for timer in [ConnectionTimer.handshake, .head] where candidates.isEmpty {
            candidates = deadlines.slots(under: timer, atMost: 256)
        }
        let ranked = candidates.enumerated().compactMap { age, slot -> (slot: Int, generation: UInt32, age: Int, count: Int)? in
            guard let connection = connections[slot], connection.machine.isEvictable else { return nil }
            return (slot, connection.generation, age, connection.share.connections.load(ordering: .relaxed))
        }
        let first = ranked.sorted { ($0.count, $1.age) > ($1.count, $0.age) }.prefix(16)
        evictionOrder = first.reversed().map { ($0.slot, $0.generation) }
    }

    /// It has more to read, when others have had their turn.
    func queue(_ connection: ServerConnection) { backlog.append((connection.slot, connection.generation)) }

    private func serveBacklog() {
        let waiting = backlog
        backlog = []
        for (index, (slot, generation)) in waiting.enumerated() {
            if inputBudgetBytes <= 0 {
                // Those that have not had a turn come before those that have had one.
                backlog.insert(contentsOf: waiting[index...], at: 0)
                return
            }
            if let connection = connections[slot], connection.generation == generation { serve(connection) }
        }
    }

    // MARK: Mail

    /// Does what other threads, and handlers on this one, have asked for. Some rounds, since each may lead to more.
    private func readMail() {
        for _ in 0..<8 {
            let mail = link.take()
            if mail.isEmpty { return }
            for message in mail { handle(message) }
        }
    }

    private func handle(_ message: LoopMessage) {
        switch message {
        case .adopt(let socket): adopt(socket)
        case .respond(let id, let response): with(id) { if $0.machine.owesAnswer { answer(response, $0) } }
        case .begin(let id, let response, let stream):
            if connection(id)?.machine.owesAnswer != true { return stream.markGone() }
            with(id) { begin(response, stream, $0) }
        case .flush(let id): with(id) { pull($0) }
        case .resumeBody(let id): with(id) { $0.exchange?.isPaused = false }
        case .watch(let id, let action):
            guard let connection = connection(id), connection.exchange != nil, !connection.machine.clientHasEnded else {
                return action()
            }
            connection.exchange?.watchers.append(action)
        case .stop: stop()
        case .halt: halt()
        }
    }

    /// The connection whose present request this is.
    private func connection(_ id: ExchangeID) -> ServerConnection? {
        let connection = connections[Int(id.slot)]
        return connection?.exchangeID == id && connection?.exchange != nil ? connection : nil
    }

    private func with(_ id: ExchangeID, _ body: (ServerConnection) -> Void) {
        guard let connection = connection(id) else { return }
        body(connection)
        serve(connection)
    }

    private func stop() {
        if isStopping { return }
        isStopping = true
        shared.stoppingLoops.add(1, ordering: .sequentiallyConsistent)
        acceptor?.end()
        for connection in connections {
            guard let connection else { continue }
            if connection.exchange?.stream?.isEndless == true {
                endStream(connection)
                serve(connection)
            } else if connection.machine.stop() {
                close(connection, .cut)
            }
        }
        if link.open.load(ordering: .sequentiallyConsistent) == 0 { shared.drained.signal() }
    }

    /// The time for draining is over: requests without an answer get 503, and everything is closed.
    private func halt() {
        isHalted = true
        for connection in connections {
            guard let connection, connection.machine.owesAnswer else { continue }
            refuse(HTTPRefusal(503, "the server is stopping"), connection)
            flush(connection)
        }
    }
}
