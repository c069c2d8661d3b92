import CPosthornLinux
import Glibc
import PosthornBenchReports
import PosthornSystem
import Synchronization

/// Counts how often a file of certificate authorities is read by whoever reads it, from outside (inotify(7)).
///
/// The kernel makes one event of several equal ones that nobody has read yet, so a thread reads them as they come.
final class CertificateFileWatch: Sendable {
    private let count = Atomic(0)

    /// Watches from now on until the process ends.
    init(_ path: String) throws {
        // The flag of inotify is that of open(2).
        let descriptor = inotify_init1(O_CLOEXEC)
        guard descriptor >= 0, inotify_add_watch(descriptor, path, UInt32(IN_OPEN | IN_CLOSE_NOWRITE)) >= 0 else {
            throw BenchProblem("inotify: \(String(cString: strerror(errno)))")
        }
        _ = try WorkerThread(name: "bench-watch") { [self] in
            var buffer = [UInt8](repeating: 0, count: 4096)
            while case let length = read(descriptor, &buffer, buffer.count), length > 0 {
                count.add(Self.openings(buffer.prefix(length)), ordering: .relaxed)
            }
        }
    }

    /// How often the file has been opened so far.
    var openings: Int { count.load(ordering: .relaxed) }

    /// Events of no name have one length each: the watch, the mask, the cookie and the name's length.
    private static func openings(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.withUnsafeBytes { events in
            stride(from: 0, to: events.count, by: MemoryLayout<inotify_event>.size).count { offset in
                events.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self) & UInt32(IN_OPEN) != 0
            }
        }
    }
}
