import Dispatch
import PosthornSystem
import Synchronization

/// A few threads that do work which may wait for a disk or a receiver, and a bounded number of pieces of it that wait for them.
///
/// Work is taken from each of those who ask in turn, so that one who asks for much holds up no other.
final class WorkQueue: Sendable {
    private typealias Job = @Sendable () -> Void

    private struct State {
        /// What waits, by who asked for it.
        var jobs: [String: [Job]] = [:]
        /// Those of whom something waits, in their turn.
        var turns: [String] = []
        var count = 0
        /// How many pieces are being done, by who asked for them.
        var running: [String: Int] = [:]
        var isClosing = false
    }

    private let state = Mutex(State())
    private let ready = DispatchSemaphore(value: 0)
    private let threads = Mutex<[WorkerThread]>([])
    private let limit: Int
    private let limitEach: Int
    private let runningEach: Int

    /// Starts the threads.
    /// - Parameters:
    ///   - name: Shown by debuggers and `top`.
    ///   - threads: How many; without any, ``runNext()`` does the work.
    ///   - limit: Pieces of work that may wait.
    ///   - limitEach: The same for each of those who ask.
    ///   - runningEach: Pieces of work of each that are done at one time.
    init(name: String, threads count: Int, limit: Int, limitEach: Int, runningEach: Int = .max) throws(SystemProblem) {
        self.limit = limit
        self.limitEach = limitEach
        self.runningEach = runningEach
        for number in 0..<count {
            let thread: WorkerThread
            do throws(SystemProblem) {
                thread = try WorkerThread(name: "\(name)-\(number)") { [weak self, ready] in
                    while true {
                        ready.wait()
                        guard let self else { return }
                        if !self.runNext(), self.isClosing { return }
                    }
                }
            } catch {
                close()
                throw error
            }
            threads.withLock { $0.append(thread) }
        }
    }

    /// Has something done.
    /// - Parameter asker: Who asks for it.
    /// - Returns: Whether it will be; not when too much waits.
    func submit(for asker: String, _ job: @escaping @Sendable () -> Void) -> Bool {
        let isTaken = state.withLock { state in
            let waiting = state.jobs[asker]?.count ?? 0
            if state.isClosing || state.count >= limit || waiting >= limitEach { return false }
            if waiting == 0 { state.turns.append(asker) }
            state.jobs[asker, default: []].append(job)
            state.count += 1
            return true
        }
        if isTaken { ready.signal() }
        return isTaken
    }

    /// Does what is next.
    /// - Returns: Whether there was something.
    @discardableResult
    func runNext() -> Bool {
        let next = state.withLock { state -> (asker: String, job: Job)? in
            guard let turn = state.turns.firstIndex(where: { state.running[$0] ?? 0 < runningEach }) else { return nil }
            let asker = state.turns.remove(at: turn)
            guard var jobs = state.jobs.removeValue(forKey: asker), !jobs.isEmpty else { return nil }
            let job = jobs.removeFirst()
            state.count -= 1
            state.running[asker, default: 0] += 1
            if !jobs.isEmpty {
                state.jobs[asker] = jobs
                state.turns.append(asker)
            }
            return (asker, job)
        }
        guard let next else { return false }
        next.job()
        let waits = state.withLock { state in
            let running = (state.running[next.asker] ?? 1) - 1
            state.running[next.asker] = running > 0 ? running : nil
            return running == runningEach - 1 && state.jobs[next.asker] != nil
        }
        // The signal of what had to wait for this one was used up by a thread that found nothing to do.
        if waits { ready.signal() }
        return true
    }

    private var isClosing: Bool { state.withLock { $0.isClosing } }

    /// Takes nothing more and ends the threads, when they have done what waits, or what they are at.
    /// - Parameter dropping: Whether what waits is left undone.
    func close(dropping: Bool = false) {
        let dropped = state.withLock { state in
            state.isClosing = true
            if !dropping { return [:] as [String: [Job]] }
            defer { (state.jobs, state.turns, state.count) = ([:], [], 0) }
            return state.jobs
        }
        // Here and not under the lock: a job that is let go of may answer its client.
        withExtendedLifetime(dropped) {}
        let running = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for _ in running { ready.signal() }
        for thread in running { thread.join() }
    }
}
