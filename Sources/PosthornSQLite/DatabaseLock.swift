import PosthornStore
import CPosthornLinux
import Dispatch
import Glibc
import PosthornSystem
import Synchronization

/// A lock on the database file itself, far behind its end: unlike the lock file it cannot be removed from under an engine.
///
/// A process loses SQLite's locks when it closes any descriptor of the file (fcntl(2), "advisory record locking"). They belong
/// to the process's table of descriptors; so this descriptor lives on a thread that has a table of its own.
final class DatabaseLock {
    /// The result of trying.
    enum Answer: Sendable {
        case taken
        /// Another engine has it, in this process or another.
        case isHeld
        /// This kernel or this file does not let it be known; the lock file alone counts.
        case unavailable
    }

    private var thread: WorkerThread?
    private let ending = DispatchSemaphore(value: 0)

    deinit { release() }

    /// Tries to take it, without waiting for another.
    func take(_ path: String) -> Answer {
        if thread != nil { return .isHeld }
        let answered = DispatchSemaphore(value: 0)
        let answer = AnswerSlot()
        let ending = ending
        guard
            let started = try? WorkerThread(
                name: "posthorn-lock",
                {
                    let descriptor = Self.openAlone(path, O_RDWR)
                    let result = descriptor < 0 ? .unavailable : Self.lock(descriptor)
                    answer.value.withLock { $0 = result }
                    answered.signal()
                    if result == .taken { ending.wait() }
                    // Before the thread ends: whoever joins it may go on before the kernel closes its descriptors.
                    if descriptor >= 0 { close(descriptor) }
                }
            )
        else { return .unavailable }
        answered.wait()
        let result = answer.value.withLock { $0 }
        if result == .taken { thread = started } else { started.join() }
        return result
    }

    /// Gives it back; on return it is free.
    func release() {
        guard let thread else { return }
        ending.signal()
        thread.join()
        self.thread = nil
    }

    /// Whether an engine has the lock of a database. Takes nothing.
    static func isHeld(_ path: String) -> Bool {
        let answer = HeldSlot()
        let worker = try? WorkerThread(name: "posthorn-lock") {
            let descriptor = openAlone(path, O_RDONLY)
            guard descriptor >= 0 else { return }
            answer.value.withLock { $0 = posthorn_is_far_byte_locked(descriptor) == 1 }
            close(descriptor)
        }
        worker?.join()
        return answer.value.withLock { $0 }
    }

    private final class AnswerSlot: Sendable { let value = Mutex(Answer.unavailable) }
    private final class HeldSlot: Sendable { let value = Mutex(false) }

    /// Opens a file in a table of descriptors that no other thread shares; negative when that cannot be had.
    private static func openAlone(_ path: String, _ mode: Int32) -> Int32 {
        posthorn_leave_descriptors() == 0 ? open(path, mode | O_CLOEXEC) : -1
    }

    private static func lock(_ descriptor: Int32) -> Answer {
        while posthorn_lock_far_byte(descriptor) != 0 {
            if errno != EINTR { return LockFileProblem.isTaken(errno) ? .isHeld : .unavailable }
        }
        return .taken
    }
}
