import Glibc
import PosthornSystem

extension MonotonicClock {
    /// Sleeps until a moment of this clock, in nanoseconds; not at all when it is over.
    static func wait(until moment: Int64) {
        let early = moment - nanoseconds()
        if early > 0 { usleep(UInt32(early / 1000)) }
    }
}
