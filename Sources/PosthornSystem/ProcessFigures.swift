import Glibc

/// What the kernel says of this process, under the names that monitoring systems know. Reads a few files below `/proc/self`.
///
/// What cannot be read is `nil`: a process whose descriptors are used up can open none of these files.
public struct ProcessFigures: Sendable {
    /// Processor time of all threads, in seconds.
    public var cpuSeconds: Double?
    /// Memory that is present, in bytes.
    public var residentBytes: Int64?
    /// Memory that is reserved, in bytes.
    public var virtualBytes: Int64?
    /// Descriptors that are open.
    public var openDescriptors: Int?
    /// Descriptors that may be open; `nil` for any number.
    public var descriptorLimit: Int?
    /// When the process began, in seconds since 1970.
    public var startSeconds: Double?
    /// How many threads there are.
    public var threads: Int?

    /// Nothing.
    public init() {}

    /// The figures of this moment.
    public static func now() -> ProcessFigures {
        var figures = ProcessFigures()
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max {
            figures.descriptorLimit = Int(clamping: limit.rlim_cur)
        }
        var cpu = timespec()
        if clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu) == 0 { figures.cpuSeconds = Double(cpu.tv_sec) + Double(cpu.tv_nsec) / 1e9 }
        figures.readStat()
        figures.openDescriptors = descriptorCount(limit: figures.descriptorLimit)
        return figures
    }

    /// The fields after the name in parentheses, which may hold anything (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html).
    private mutating func readStat() {
        guard let text = Self.text("/proc/self/stat"), let end = text.lastIndex(of: ")") else { return }
        let fields = text[end...].split(separator: " ").dropFirst().map { Int64($0) ?? 0 }
        guard fields.count > 21 else { return }
        // Fields 20, 22, 23 and 24 of the whole, of which the third is the first here.
        threads = Int(fields[17])
        startSeconds = Self.bootSeconds().map { $0 + Double(fields[19]) / Double(max(1, sysconf(Int32(_SC_CLK_TCK)))) }
        virtualBytes = fields[20]
        residentBytes = fields[21] * Int64(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// When the machine was started.
    private static func bootSeconds() -> Double? {
        let line = text("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Double($0.dropFirst(6)) }
    }

    private static func descriptorCount(limit: Int?) -> Int? {
        // A folder that cannot be opened for want of a descriptor says by that how many are open.
        guard let folder = opendir("/proc/self/fd") else { return errno == EMFILE ? limit : nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Itself, and the names of the folder and the one above.
        return max(0, count - 3)
    }

    private static func text(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file < 0 { return nil }
        defer { close(file) }
        var all: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 4096)
        while case let count = read(file, &bytes, bytes.count), count > 0 { all += bytes[..<count] }
        return String(decoding: all, as: UTF8.self)
    }
}
