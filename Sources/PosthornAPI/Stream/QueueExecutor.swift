import Dispatch

/// Runs a task on a queue of its own. The pool that tasks run on otherwise has a thread a core, and a program that keeps those busy would
/// hold up the streams.
final class QueueExecutor: TaskExecutor {
    private let queue: DispatchQueue

    /// - Parameter label: The queue's name, for debuggers.
    init(label: String) { queue = DispatchQueue(label: label) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
