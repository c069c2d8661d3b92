import CPosthornLinux
import Glibc

/// A thread of the operating system that runs one closure to its end.
///
/// The engine's threads block in `poll` and own C handles that belong to one thread, which the cooperative pool of
/// Swift concurrency is not made for.
public final class WorkerThread: @unchecked Sendable {
    // `handle` is written before `init` returns and only read from then on.
    private var handle = pthread_t()

    private final class Start {
        let name: String
        let body: () -> Void
        init(name: String, body: @escaping () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// What a thread has of stack for code of ours.
    public static let stackBytes = 1 << 20
    /// What a thread has of stack for code that others hand in, such as handlers and listeners: as much as a main thread.
    public static let foreignStackBytes = 8 << 20

    /// Starts the thread.
    /// - Parameters:
    ///   - name: Shown by debuggers and `top`; 15 bytes count.
    ///   - stackBytes: How deep it may call. Only what is used takes memory.
    ///   - body: What it does.
    /// - Throws: ``SystemProblem`` when the system has no thread left.
    public init(name: String, stackBytes: Int = WorkerThread.stackBytes, _ body: @escaping @Sendable () -> Void) throws(SystemProblem) {
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackBytes)
        // Signals are for the main thread's watcher alone; a worker inherits a mask that blocks them all.
        var all = sigset_t()
        var old = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, &old)
        defer { pthread_sigmask(SIG_SETMASK, &old, nil) }
        let status = pthread_create(
            &handle,
            &attributes,
            { pointer in
                guard let pointer else { return nil }
                let start = Unmanaged<Start>.fromOpaque(pointer).takeRetainedValue()
                _ = posthorn_name_thread(start.name)
                start.body()
                return nil
            },
            start.toOpaque()
        )
        if status != 0 {
            start.release()
            throw SystemProblem("pthread_create", status)
        }
    }

    /// Whether the caller is on it. Not to be asked any more once it was joined.
    package var isCurrent: Bool { pthread_equal(handle, pthread_self()) != 0 }

    /// Waits until the closure has returned. To be called once, unless it was detached.
    public func join() { pthread_join(handle, nil) }

    /// Lets the thread go: nobody will wait for it, and what it holds is freed when it ends.
    public func detach() { pthread_detach(handle) }
}
