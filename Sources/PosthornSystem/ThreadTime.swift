import Glibc

/// What a thread has got of the machine's cores since it began. In nanoseconds.
public struct ThreadTime: Equatable, Sendable {
    /// The moment at which this was so.
    public let monotonic: Int64
    /// The time for which it ran.
    public let running: Int64
    /// The time for which it could have run, had there been a core for it; 0 where the kernel keeps no account of it.
    public let waiting: Int64

    /// That of the calling thread.
    public static func now() -> ThreadTime {
        var used = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used)
        return ThreadTime(
            monotonic: MonotonicClock.nanoseconds(),
            running: Int64(used.tv_sec) * 1_000_000_000 + Int64(used.tv_nsec),
            waiting: waiting(inAccount: account())
        )
    }

    /// The second of three numbers (https://docs.kernel.org/scheduler/sched-stats.html).
    static func waiting(inAccount text: String) -> Int64 {
        let numbers = text.split(whereSeparator: \.isWhitespace)
        return numbers.count == 3 ? Int64(numbers[1]) ?? 0 : 0
    }

    private static func account() -> String {
        let file = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)
        if file < 0 { return "" }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = read(file, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
