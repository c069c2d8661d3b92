import CPosthornLinux
import Glibc
internal import PosthornSystem
import Synchronization

/// The listening socket in the loop that accepts.
struct Acceptor {
    private let listener: ListeningSocket
    private let poller: Int32
    private let token: UInt64
    /// Whether no connection is taken for now.
    private(set) var isPaused = false
    /// When to try again, where nothing will say that it is of use; in nanoseconds of the monotonic clock.
    private(set) var retryAt: Int64?
    private var hasEnded = false
    /// How many connections have been taken.
    var accepted = 0

    init(_ listener: ListeningSocket, _ poller: Int32, token: UInt64) {
        self.listener = listener
        self.poller = poller
        self.token = token
    }

    var descriptor: Int32 { listener.descriptor }

    func begin() { control(EPOLL_CTL_ADD, EPOLLIN.rawValue) }

    mutating func pause(retryAt moment: Int64?) {
        isPaused = true
        retryAt = moment
        control(EPOLL_CTL_MOD, 0)
    }

    mutating func resume() {
        isPaused = false
        retryAt = nil
        control(EPOLL_CTL_MOD, EPOLLIN.rawValue)
    }

    /// Takes no more connections, for good.
    mutating func end() {
        if hasEnded { return }
        hasEnded = true
        isPaused = false
        retryAt = nil
        listener.close()
    }

    private func control(_ operation: Int32, _ flags: UInt32) {
        var event = epoll_event()
        event.events = flags
        event.data.u64 = token
        epoll_ctl(poller, operation, listener.descriptor, &event)
    }
}

extension EventLoop {
    /// How many connections are taken before those that are there have their turn.
    private static let acceptsPerTurn = 64
    /// How long to wait when the process has no descriptor left.
    private static let restNanoseconds: Int64 = 100_000_000

    /// Takes in who waits, each to the loop that has the most room.
    func acceptConnections() {
        for _ in 0..<Self.acceptsPerTurn {
            guard let listener = acceptor?.descriptor, !isStopping else { return }
            guard let target = roomiest else { return pauseAccepting() }
            guard let (descriptor, peer) = AcceptedSocket.accept(listener) else {
                let number = errno
                if [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(number), !evict() {
                    // The listener stays readable: a rest instead of a busy loop.
                    acceptor?.pause(retryAt: now + Self.restNanoseconds)
                }
                // Others are failures of the one connection that was to be taken (accept(2)).
                if number == EAGAIN || acceptor?.isPaused == true { return }
                continue
            }
            guard let share = shared.clients.admit(peer) else {
                Glibc.close(descriptor)
                continue
            }
            acceptor?.accepted &+= 1
            target.open.add(1, ordering: .sequentiallyConsistent)
            let socket = AcceptedSocket(descriptor: descriptor, peer: peer, share: share)
            if target === link { adopt(socket) } else { target.post(.adopt(socket)) }
        }
    }

    /// The loop with the fewest connections among those that can take one more; of equal ones each in its turn, so that when all
    /// are full each makes room.
    private var roomiest: LoopLink? {
        var best: (link: LoopLink, open: Int)?
        let first = (acceptor?.accepted ?? 0) % shared.links.count
        for link in shared.links[first...] + shared.links[..<first] {
            let open = link.open.load(ordering: .relaxed)
            // Those that it has been given and not taken over will each take the place of one.
            let hasRoom = open - link.evictable.load(ordering: .relaxed) < shared.connectionLimitPerLoop
            if hasRoom, open < best?.open ?? .max { best = (link, open) }
        }
        return best?.link
    }

    /// Every connection is at work: new ones wait in the system's backlog until one ends.
    private func pauseAccepting() {
        acceptor?.pause(retryAt: nil)
        shared.acceptorWaits.store(true, ordering: .sequentiallyConsistent)
    }

    /// Accepts again once there is room.
    func resumeAccepting() {
        if let moment = acceptor?.retryAt, moment > now { return }
        // First the wish, then the look: a loop that makes room in between says so.
        shared.acceptorWaits.store(true, ordering: .sequentiallyConsistent)
        if roomiest != nil { acceptor?.resume() }
    }
}
