import Glibc
import PosthornSystem

/// How many descriptors the process may have, and what of them idle connections may hold.
enum DescriptorBudget {
    /// Left for the outbox, the listener and requests to receivers that have no connection yet.
    private static let reserve = 256

    /// The limit, after it has been raised as far as the system lets a process raise it by itself: the usual 1,024 would be
    /// used up by a thousand receivers.
    static let limit: Int = {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = limit.rlim_max
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }()

    /// What one multi handle may keep: its part of what its thread may, for TLS and as much again for clear text. 0 where so few
    /// descriptors are left that requests need them all.
    static func connectionsPerShard(wanted: Int, threads: Int, limit: Int = limit) -> Int {
        let affordable = (limit - min(reserve, limit / 2)) / threads / ShardPlan.count
        return max(0, min(max(4, wanted / ShardPlan.secureCount), affordable))
    }

    /// Whether the process, or the machine, can open nothing more at this moment.
    static var isUsedUp: Bool {
        let probe = open("/dev/null", O_RDONLY | O_CLOEXEC)
        if probe < 0 { return SystemProblem.isShortage(errno) }
        close(probe)
        return false
    }

    /// Throws unless there is room for a few connections beside what is open already.
    static func checkRoom() throws(SystemProblem) {
        var probes: [Int32] = []
        defer { for probe in probes { close(probe) } }
        for _ in 0..<leastConnections {
            let probe = open("/dev/null", O_RDONLY | O_CLOEXEC)
            if probe < 0 { throw SystemProblem("room for \(leastConnections) connections", errno) }
            probes.append(probe)
        }
    }

    /// With fewer an engine would start and then send nothing.
    private static let leastConnections = 8
}
