import PosthornSystem
import Synchronization

/// The thread of an ``EngineService``: it sleeps until there is something to do, and ends within a bounded time.
final class ServiceThread: Sendable {
    /// What the thread is to do.
    enum Order {
        case work
        /// What waits, once, and then its end.
        case finish
        /// Its end; what is under way ends first.
        case stop
    }

    private struct State: ~Copyable {
        var order = Order.work
        /// When it was told to stop, in monotonic nanoseconds.
        var stopped: Int64?
        var isCut = false
        var isRunning = false
        var thread: WorkerThread?
    }

    private let name: String
    private let waker: Waker
    /// Signalled when something has changed for the one who waits in ``join(within:)``.
    private let ended: Waker
    private let state = Mutex(State())

    /// The longest sleep, after which a clock that was moved is noticed.
    static let longestSleepMilliseconds: Int64 = 60_000

    /// - Parameters:
    ///   - name: The thread's, of 15 characters at most.
    ///   - clock: Wakes it when it is moved.
    init(name: String, clock: any PosthornClock) throws(SystemProblem) {
        self.name = name
        waker = try Waker()
        ended = try Waker()
        clock.signalOnJump(waker)
    }

    // MARK: From any thread

    /// Starts it.
    func start(_ body: @escaping @Sendable () -> Void) throws(SystemProblem) {
        state.withLock { $0.isRunning = true }
        do throws(SystemProblem) {
            let thread = try WorkerThread(name: name) { [self] in
                body()
                state.withLock { $0.isRunning = false }
                ended.signal()
            }
            state.withLock { $0.thread = thread }
        } catch {
            state.withLock { $0.isRunning = false }
            throw error
        }
    }

    /// There is something to do.
    func wake() { waker.signal() }

    /// Gives an order; one to stop counts over all others, and the first moment of it.
    func order(_ order: Order) {
        state.withLock { state in
            if state.order == .stop { return }
            state.order = order
            if order == .stop { state.stopped = MonotonicClock.nanoseconds() }
        }
        waker.signal()
        ended.signal()
    }

    /// Waits for its end, until so many milliseconds after it was told to stop; then it ``isCut``.
    func join(within milliseconds: Int64) {
        while true {
            let (isRunning, stopped) = state.withLock { ($0.isRunning, $0.stopped) }
            if !isRunning { break }
            let left = stopped.map { ($0 - MonotonicClock.nanoseconds()) / 1_000_000 + milliseconds }
            if let left, left <= 0 {
                state.withLock { $0.isCut = true }
                waker.signal()
                break
            }
            ended.wait(milliseconds: left.map { $0 + 1 })
        }
        let thread = state.withLock { state in
            defer { state.thread = nil }
            return state.thread
        }
        thread?.join()
    }

    // MARK: For the thread

    /// What it is to do.
    var order: Order { state.withLock { $0.order } }

    /// Whether no caller waits any more for what is under way.
    var isCut: Bool { state.withLock { $0.isCut } }

    /// Sleeps until it is woken, or for so many milliseconds and ``longestSleepMilliseconds`` at most; `nil` where only a call matters.
    func sleep(milliseconds: Int64?) { waker.wait(milliseconds: milliseconds.map { min($0, Self.longestSleepMilliseconds) }) }
}
