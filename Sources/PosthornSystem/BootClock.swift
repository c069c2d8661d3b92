import Glibc

/// Time that goes forward while the machine sleeps too, for what others count on meanwhile.
public enum BootClock {
    /// Nanoseconds from an arbitrary start (`CLOCK_BOOTTIME`).
    public static func nanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
