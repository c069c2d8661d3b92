import Glibc

/// A limit to the addresses that a process may use (`ulimit -v`, `LimitAS=`), which is another thing than one to its memory.
enum AddressSpaceLimit {
    /// From here on there is room for all that threads set aside.
    private static let plenty: rlim_t = 8 << 30
    /// `M_ARENA_MAX` of malloc.h, which Glibc's module leaves out.
    private static let arenaLimit: Int32 = -8

    /// Has all threads allocate from one place where addresses are few. By itself glibc sets 64 MiB of addresses aside for nearly every
    /// thread: of a few hundred MiB nothing would be left while hardly any memory is in use.
    static func makeDo() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur < plenty,
            let address = dlsym(nil, "mallopt")
        else { return }
        _ = unsafeBitCast(address, to: (@convention(c) (Int32, Int32) -> Int32).self)(arenaLimit, 1)
    }
}
