import Glibc
import PosthornSending

/// How many descriptors the process may have open.
enum DescriptorLimit {
    /// What an engine can use: requests in flight, kept connections, and the rest of the process.
    static func needed(_ configuration: SenderConfiguration) -> Int {
        configuration.slowInFlightLimit + configuration.youngPlaces(ofThreads: configuration.threads)
            + configuration.connectionCacheLimit * configuration.threads + 256
    }

    /// The soft and the hard limit.
    static var current: (soft: Int, hard: Int) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return (1024, 1024) }
        return (Int(clamping: limit.rlim_cur), Int(clamping: limit.rlim_max))
    }

    /// Raises the soft limit to what is needed, as far as the hard one lets us.
    static func raise(to needed: Int) {
        let (soft, hard) = current
        guard soft < needed, soft < hard else { return }
        var limit = rlimit(rlim_cur: rlim_t(min(needed, hard)), rlim_max: rlim_t(hard))
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
