import Glibc

/// What the kernel reports of a process's threads (proc(5)).
struct ThreadFacts {
    let name: String
    /// Time on a processor, in microseconds.
    let cpuMicroseconds: Double
    /// How often it went to sleep by itself, and so was woken.
    let sleeps: Int

    /// The threads of this process as they are now, by thread id.
    static func all() -> [Int32: ThreadFacts] {
        guard let folder = opendir("/proc/self/task") else { return [:] }
        defer { closedir(folder) }
        var found: [Int32: ThreadFacts] = [:]
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let thread = Int32(name) else { continue }
            found[thread] = ThreadFacts(folder: "/proc/self/task/\(thread)")
        }
        return found
    }

    /// Processor time by the first part of the threads' names, such as `posthorn-write`.
    static func cpuMicroseconds(ofThreadsNamed prefix: String) -> Double {
        all().values.filter { $0.name.hasPrefix(prefix) }.reduce(0) { $0 + $1.cpuMicroseconds }
    }

    private init(folder: String) {
        name = ProcessFile.text("\(folder)/comm").split(separator: "\n").first.map(String.init) ?? ""
        let nanoseconds = ProcessFile.text("\(folder)/schedstat").split(separator: " ").first.flatMap { Double($0) } ?? 0
        cpuMicroseconds = nanoseconds / 1000
        sleeps = ProcessFile.number("voluntary_ctxt_switches", in: "\(folder)/status") ?? 0
    }
}

/// Small files that the kernel makes up.
enum ProcessFile {
    /// The whole of a file; empty when it cannot be read.
    static func text(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &part, part.count)
            if count <= 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += part.prefix(count)
        }
    }

    /// The number behind `name:` in a file of such lines.
    static func number(_ name: String, in path: String) -> Int? {
        for line in text(path).split(separator: "\n") where line.hasPrefix("\(name):") {
            return Int(line.dropFirst(name.count + 1).filter(\.isNumber))
        }
        return nil
    }

    /// How many descriptors this process has open.
    static func openDescriptors() -> Int {
        guard let folder = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return count
    }

    /// Lets this process have as many descriptors as its hard limit allows.
    static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
