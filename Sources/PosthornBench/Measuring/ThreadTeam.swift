import Dispatch
import PosthornSystem

/// Threads that do the same work at once.
enum ThreadTeam {
    /// Runs `work` on `count` threads and returns when all are done.
    static func run(_ count: Int, _ work: () -> Void) {
        if count == 1 { return work() }
        withoutActuallyEscaping(work) { escaping in
            let shared = Shared(work: escaping)
            let threads = (0..<count).compactMap { try? WorkerThread(name: "bench-\($0)") { shared.work() } }
            for thread in threads { thread.join() }
        }
    }

    private final class Shared: @unchecked Sendable {
        // The closure is called at once by threads that its caller waits for.
        let work: () -> Void
        init(work: @escaping () -> Void) { self.work = work }
    }
}
