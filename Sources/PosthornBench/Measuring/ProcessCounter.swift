import Glibc
import PosthornBenchReports
import PosthornModel
import PosthornSystem

/// Who counts the instructions of a whole process.
enum ProcessCounter: String, CaseIterable {
    /// The processor, through the kernel (perf_event_open(2)).
    case processor
    /// Valgrind's callgrind, which executes a program by itself, one thread at a time, and sees where each instruction is.
    case callgrind

    /// The one with this name, or for an empty name the first that can count here.
    static func named(_ name: String) throws -> ProcessCounter {
        let wanted = try allCases.filter { name.isEmpty || $0.rawValue == name }.map { ($0, try $0.obstacle()) }
        if let found = wanted.first(where: { $0.1 == nil }) { return found.0 }
        throw BenchProblem("nothing here counts instructions: " + wanted.compactMap(\.1).joined(separator: "; "))
    }

    /// Why it cannot count here, with the remedy.
    private func obstacle() throws -> String? {
        switch self {
        case .processor:
            return InstructionCounter() == nil
                ? "the kernel gives no counter of the processor (a virtual machine without one, or kernel.perf_event_paranoid above 2)"
                : nil
        case .callgrind:
            let missing = ["valgrind", "strip"].filter { !Self.isInPath($0) }
            return missing.isEmpty ? nil : "\(missing.joined(separator: " and ")) not found (apt-get install valgrind binutils)"
        }
    }

    /// Lets this program do a job in a process of its own, and counts that process's instructions.
    /// - Parameter profile: Where callgrind's file is left; nowhere when it is empty.
    func count(_ work: InstructionWorkload, profile: String = "") throws -> InstructionCount {
        switch self {
        case .processor: try Self.countByProcessor(work)
        case .callgrind: try Self.countByCallgrind(work, profile: profile)
        }
    }

    private static func countByProcessor(_ work: InstructionWorkload) throws -> InstructionCount {
        let (child, line) = try ChildProcess.printing(work.arguments)
        try child.wait(for: "the process whose instructions are counted")
        guard let total = Int(line.filter(\.isNumber)), total > 0 else {
            throw BenchProblem("the processor counted no instructions")
        }
        return InstructionCount(total: total)
    }

    private static func countByCallgrind(_ work: InstructionWorkload, profile: String) throws -> InstructionCount {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        // Valgrind 3.19, that of Debian 12, ends at Swift's debugging information. Symbols are left, for callgrind_annotate.
        let program = "\(folder.path)/posthorn"
        try ChildProcess(running: "strip", ["--strip-debug", "-o", program, ChildProcess.program]).wait(for: "strip")
        let file = "\(folder.path)/callgrind.out"
        // Fair turns between the threads (--fair-sched) do not make the counts any steadier.
        let options = ["--tool=callgrind", "--quiet", "--vgdb=no", "--callgrind-out-file=\(file)"]
        try ChildProcess(running: "valgrind", options + [program] + work.arguments).wait(for: "valgrind")
        let text = ProcessFile.text(file)
        let count = try CallgrindProfile(text).count
        if !profile.isEmpty { try TextFile.write(text, to: profile) }
        return count
    }

    private static func isInPath(_ name: String) -> Bool {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        return path.split(separator: ":").contains { access("\($0)/\(name)", X_OK) == 0 }
    }
}
