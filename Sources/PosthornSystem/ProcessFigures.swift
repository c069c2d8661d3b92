import Glibc

/// What the kernel says of this process, under the names that monitoring systems know. Reads a few files below `/proc/self`.
public struct ProcessFigures: Sendable {
    /// Processor time of all threads, in seconds.
    public var cpuSeconds = 0.0
    /// Memory that is present, in bytes.
    public var residentBytes: Int64 = 0
    /// Memory that is reserved, in bytes.
    public var virtualBytes: Int64 = 0
    /// Descriptors that are open.
    public var openDescriptors = 0
    /// Descriptors that may be open; `nil` for any number.
    public var descriptorLimit: Int?
    /// When the process began, in seconds since 1970.
    public var startSeconds = 0.0
    /// How many threads there are.
    public var threads = 0

    /// Nothing.
    public init() {}

    /// The figures of this moment. What cannot be read is 0.
    public static func now() -> ProcessFigures {
        var figures = ProcessFigures()
        figures.readStat()
        figures.openDescriptors = descriptorCount()
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max {
            figures.descriptorLimit = Int(clamping: limit.rlim_cur)
        }
        return figures
    }

    /// The fields after the name in parentheses, which may hold anything (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html).
    private mutating func readStat() {
        let text = Self.text("/proc/self/stat")
        guard let end = text.lastIndex(of: ")") else { return }
        let fields = text[end...].split(separator: " ").dropFirst().map { Int64($0) ?? 0 }
        guard fields.count > 21 else { return }
        let ticks = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
        // Fields 14 and 15, 20, 22, 23 and 24 of the whole, of which the third is the first here.
        cpuSeconds = Double(fields[11] + fields[12]) / ticks
        threads = Int(fields[17])
        startSeconds = Self.bootSeconds() + Double(fields[19]) / ticks
        virtualBytes = fields[20]
        residentBytes = fields[21] * Int64(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// When the machine was started.
    private static func bootSeconds() -> Double {
        let line = text("/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Double($0.dropFirst(6)) } ?? 0
    }

    private static func descriptorCount() -> Int {
        guard let folder = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Itself, and the names of the folder and the one above.
        return max(0, count - 3)
    }

    private static func text(_ path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file < 0 { return "" }
        defer { close(file) }
        var all: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 4096)
        while case let count = read(file, &bytes, bytes.count), count > 0 { all += bytes[..<count] }
        return String(decoding: all, as: UTF8.self)
    }
}
