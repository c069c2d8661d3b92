import Glibc
import Synchronization

/// The end of a command's work: from then on it only writes results, which a reader that does not read can hold up for ever,
/// so that the first stop signal ends the process.
final class ReportingPhase: Sendable {
    private let hasBegun = Atomic(false)

    /// The work is over.
    func end() { hasBegun.store(true, ordering: .relaxed) }

    /// Ends the process with the status of that signal if only results are left to be written.
    func leaveIfEnded(_ signal: Int32) {
        if hasBegun.load(ordering: .relaxed) { _exit(128 + signal) }
    }
}
