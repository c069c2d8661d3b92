import Glibc
import PosthornSystem
import Synchronization

/// Text on its way to a descriptor whose reader may have stopped reading: it waits for the reader, until it is told not to wait
/// for ever.
final class PatientOutput: Sendable {
    private let descriptor: Int32
    private let hurry: Waker
    /// Until when to wait, in monotonic nanoseconds; `nil` for ever.
    private let deadline = Mutex<Int64?>(nil)

    /// A pipe that says it is ready takes so many bytes without making the writer wait (PIPE_BUF, pipe(7)).
    private static let atomicBytes = 4096

    init(descriptor: Int32) throws(SystemProblem) {
        self.descriptor = descriptor
        hurry = try Waker()
    }

    /// From now on waits so long in all; for any thread.
    func waitAtMost(milliseconds: Int64) {
        deadline.withLock { $0 = MonotonicClock.nanoseconds() + milliseconds * 1_000_000 }
        hurry.signal()
    }

    /// Writes as far as the reader takes it in time.
    /// - Returns: How many bytes were written; all of them also where writing fails, since nobody is there to read.
    func write(_ bytes: [UInt8]) -> Int {
        var done = 0
        while done < bytes.count, isReady() {
            let count = bytes.withUnsafeBytes { all in
                Self.write(UnsafeRawBufferPointer(rebasing: all[done..<min(done + Self.atomicBytes, all.count)]), to: descriptor)
            }
            if count < 0, errno != EAGAIN, errno != EINTR { return bytes.count }
            done += max(0, count)
        }
        return done
    }

    private func isReady() -> Bool {
        while true {
            let left = deadline.withLock { $0 }.map { max(0, ($0 - MonotonicClock.nanoseconds()) / 1_000_000) }
            var set = [
                pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0), pollfd(fd: hurry.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&set, 2, left.map { Int32(clamping: $0) } ?? -1)
            if set[0].revents != 0 { return true }
            if count > 0 { hurry.reset() }
            if count == 0 { return false }
        }
    }

    /// A socket that is ready for some bytes may still make a writer wait for the rest.
    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int {
        let count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
        return count < 0 && errno == ENOTSOCK ? Glibc.write(descriptor, bytes.baseAddress, bytes.count) : count
    }
}
