import Glibc
internal import PosthornSystem
import Synchronization

/// Names a request among all that a thread serves: a late word about one that is over is dropped.
struct ExchangeID: Hashable, Sendable {
    let slot: UInt32
    /// Which connection of that slot.
    let generation: UInt32
    /// Which request of that connection.
    let turn: UInt32
}

/// What other threads ask of a loop.
enum LoopMessage: Sendable {
    /// Serve this connection.
    case adopt(AcceptedSocket)
    case respond(ExchangeID, HTTPResponse)
    /// An answer begins that is streamed.
    case begin(ExchangeID, HTTPResponse, StreamState)
    /// There is more of it, or its end.
    case flush(ExchangeID)
    case resumeBody(ExchangeID)
    case watch(ExchangeID, @Sendable () -> Void)
    /// Answer what there is, and end.
    case stop
    /// End now.
    case halt
}

/// The way to a loop from other threads: its mail, and what they may know of it.
final class LoopLink: Sendable {
    private let mail = Mutex<[LoopMessage]>([])
    let waker: Waker
    /// Connections that it has or has been given.
    let open = Atomic(0)
    /// Those of them that can make room for others.
    let evictable = Atomic(0)
    /// The loop's own thread, once it runs.
    private let thread = Atomic<UInt>(0)

    init() throws(SystemProblem) { waker = try Waker() }

    /// The calling thread is the loop's.
    func begin() { thread.store(UInt(pthread_self()), ordering: .relaxed) }

    /// Leaves a message; the loop reads it when it next comes round. From its own thread that needs no waking: it looks before
    /// it waits.
    func post(_ message: LoopMessage) {
        let isFirst = mail.withLock { mail in
            mail.append(message)
            return mail.count == 1
        }
        if isFirst, UInt(pthread_self()) != thread.load(ordering: .relaxed) { waker.signal() }
    }

    /// Whether something has been left.
    var hasMail: Bool { mail.withLock { !$0.isEmpty } }

    /// Everything that has been left, in order.
    func take() -> [LoopMessage] {
        mail.withLock { mail in
            if mail.isEmpty { return [] }
            let taken = mail
            mail = []
            return taken
        }
    }
}
