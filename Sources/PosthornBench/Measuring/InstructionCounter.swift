import CPosthornLinux
import Glibc

/// Counts a thread's instructions outside the kernel, where the processor and its settings allow that.
final class InstructionCounter {
    private let descriptor: Int32

    /// `nil` where there is no such counter: on many virtual machines, or with a strict `perf_event_paranoid`.
    /// - Parameter withLaterThreads: Counts those of all threads as well that this one starts from now on.
    init?(withLaterThreads: Bool = false) {
        descriptor = posthorn_open_instruction_counter(withLaterThreads ? 1 : 0)
        if descriptor < 0 { return nil }
    }

    deinit { close(descriptor) }

    /// Instructions since it was made.
    var count: UInt64 {
        var value: UInt64 = 0
        return read(descriptor, &value, 8) == 8 ? value : 0
    }
}
