import PosthornStore
import PosthornSystem
import Synchronization

/// Threads for calls that wait: for the writer, the disk, a receiver. Swift's cooperative pool has one thread a core, and a thread of it
/// that waits keeps unrelated tasks waiting too.
///
/// A thread ends when nothing is left to do: starting one costs some 50 µs, which is little beside what these calls wait for.
final class CallThreads: Sendable {
    /// Calls that may wait at the same time; later ones begin when one of these is done.
    static let limit = 16

    private let state = Mutex(State())

    private struct State {
        /// Each does what it is for, or fails with what is given to it.
        var waiting: [@Sendable (OutboxProblem?) -> Void] = []
        var running = 0
    }

    /// Does something on one of the threads, and waits for it without blocking the caller's.
    ///
    /// A task that is cancelled meanwhile still gets the result: what was begun is finished.
    func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws(OutboxError) -> Result {
        let result: Swift.Result<Result, OutboxError> = await withCheckedContinuation { continuation in
            begin { problem in
                if let problem { return continuation.resume(returning: .failure(.store(problem))) }
                continuation.resume(returning: Swift.Result { try work() }.mapError(OutboxError.of))
            }
        }
        return try result.get()
    }

    /// Has a call done. When the system has no thread left and none runs that could do it later, all that wait fail.
    private func begin(_ call: @escaping @Sendable (OutboxProblem?) -> Void) {
        let needsThread = state.withLock { state in
            state.waiting.append(call)
            if state.running == Self.limit { return false }
            state.running += 1
            return true
        }
        if !needsThread { return }
        do throws(SystemProblem) {
            try WorkerThread(name: "posthorn-call") { [self] in work() }.detach()
        } catch {
            let stranded = state.withLock { state in
                state.running -= 1
                if state.running > 0 { return [] as [@Sendable (OutboxProblem?) -> Void] }
                defer { state.waiting = [] }
                return state.waiting
            }
            for call in stranded { call(OutboxProblem(.io, "no thread is left to do this: \(error)")) }
        }
    }

    private func work() {
        while let call = next() { call(nil) }
    }

    private func next() -> (@Sendable (OutboxProblem?) -> Void)? {
        state.withLock { state in
            if state.waiting.isEmpty {
                state.running -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
    }
}

extension OutboxError {
    /// Any error that a method of an outbox throws.
    static func of(_ error: any Error) -> OutboxError {
        OutboxError(error) ?? .store(OutboxProblem(.other, "\(error)"))
    }

    /// Does something, and throws what goes wrong as this type.
    static func typed<Result>(_ work: () throws -> Result) throws(OutboxError) -> Result {
        do { return try work() } catch { throw of(error) }
    }
}
