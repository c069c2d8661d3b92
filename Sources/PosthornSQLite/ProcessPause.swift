import Glibc

/// What keeps a process of this machine from running at all, as far as the kernel says.
enum ProcessPause: Equatable {
    /// SIGSTOP, or a debugger.
    case stopped
    /// Its group of processes is frozen, as by a container that is paused.
    case frozen

    /// `nil` when it may run, is gone, or nothing is known of it.
    init?(_ process: Int32) {
        if let state = Self.text("/proc/\(process)/stat").flatMap(Self.state), "Tt".contains(state) {
            self = .stopped
        } else if let group = Self.text("/proc/\(process)/cgroup").flatMap(Self.group),
            let events = Self.text("/sys/fs/cgroup\(group)/cgroup.events"), events.split(separator: "\n").contains("frozen 1")
        {
            self = .frozen
        } else {
            return nil
        }
    }

    /// What is wrong, for people.
    func sentence(_ process: Int32) -> String {
        switch self {
        case .stopped:
            "process \(process) is stopped (SIGSTOP, or a debugger), so nothing is delivered; kill -CONT \(process) lets it go on"
        case .frozen: "process \(process) is frozen with its control group, so nothing is delivered; let the service or container go on"
        }
    }

    /// The state in `/proc/PID/stat`: the letter behind the name, which is in parentheses and may hold any (proc(5)).
    static func state(_ stat: String) -> Character? {
        stat.lastIndex(of: ")").flatMap { stat[stat.index(after: $0)...].first { $0 != " " } }
    }

    /// The group in `/proc/PID/cgroup`, of the unified hierarchy: `0::/system.slice/posthorn.service`.
    static func group(_ text: String) -> String? {
        text.split(separator: "\n").first { $0.hasPrefix("0::/") }.map { String($0.dropFirst(3)) }
    }

    private static func text(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}
