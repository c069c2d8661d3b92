import CPosthornAllocationCount
import CPosthornLinux
import Glibc
import PosthornSystem

/// What a stretch of work cost this process.
struct Measurement {
    let wallSeconds: Double
    let cpuSeconds: Double
    let allocations: Int

    /// Measures `work`.
    static func of(_ work: () throws -> Void) rethrows -> Measurement {
        let wall = MonotonicClock.nanoseconds()
        let cpu = cpuSeconds()
        let allocations = posthorn_allocation_count()
        try work()
        return Measurement(
            wallSeconds: Double(MonotonicClock.nanoseconds() - wall) / 1e9,
            cpuSeconds: cpuSeconds() - cpu,
            allocations: Int(posthorn_allocation_count() - allocations)
        )
    }

    /// User and system time of this process so far.
    private static func cpuSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    /// The most memory this process has had in use, in MiB.
    static func peakResidentMebibytes() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_maxrss) / 1024
    }
}
