import CPosthornAllocationCount
import CPosthornLinux
import Glibc
import PosthornSystem

/// What a stretch of work cost this process.
struct Measurement {
    let wallSeconds: Double
    let cpuSeconds: Double
    let allocations: Int
    /// Bytes that went into files: the database, its log, and whatever SQLite puts into temporary files besides; `nil` where the
    /// system does not tell.
    let writtenBytes: Int?

    /// Measures `work`.
    static func of(_ work: () throws -> Void) rethrows -> Measurement {
        let wall = MonotonicClock.nanoseconds()
        let cpu = cpuSeconds()
        let allocations = posthorn_allocation_count()
        let written = writtenBytes()
        try work()
        return Measurement(
            wallSeconds: Double(MonotonicClock.nanoseconds() - wall) / 1e9,
            cpuSeconds: cpuSeconds() - cpu,
            allocations: Int(posthorn_allocation_count() - allocations),
            writtenBytes: written.flatMap { before in writtenBytes().map { $0 - before } }
        )
    }

    /// What this process has handed to write calls so far; requests leave by send calls, which are not counted (proc(5), wchar).
    private static func writtenBytes() -> Int? { ProcessFile.number("wchar", in: "/proc/self/io") }

    /// User and system time of this process so far.
    private static func cpuSeconds() -> Double { cpuSeconds(RUSAGE_SELF) }

    /// The same of the processes that this one has started and that have ended.
    static func cpuSecondsOfEndedChildren() -> Double { cpuSeconds(RUSAGE_CHILDREN) }

    private static func cpuSeconds(_ who: __rusage_who) -> Double {
        let usage = usage(of: who)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    /// The most memory this process has had in use, in MiB.
    static func peakResidentMebibytes() -> Double {
        Double(usage(of: RUSAGE_SELF).ru_maxrss) / 1024
    }

    private static func usage(of who: __rusage_who) -> rusage {
        var usage = rusage()
        getrusage(__rusage_who_t(who.rawValue), &usage)
        return usage
    }
}
