import Glibc

/// A program that runs to its end.
public struct Command {
    /// What it wrote to standard output and standard error, and how it ended.
    public struct Result: Sendable {
        /// Both streams, as they came.
        public let output: String
        /// As `waitpid` has it: 0 when it ended well.
        public let status: Int32
    }

    /// The folder that holds Package.swift.
    public static let top = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")

    /// A program of this package: built into the folder of the test runner itself.
    public static func product(_ name: String) -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = max(0, readlink("/proc/self/exe", &buffer, buffer.count - 1))
        let path = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/" + name
    }

    /// Whether a program is on the PATH.
    public static func exists(_ name: String) -> Bool {
        let folders = getenv("PATH").map { String(cString: $0) }?.split(separator: ":") ?? []
        return folders.contains { access("\($0)/\(name)", X_OK) == 0 }
    }

    /// A program of the toolchain that `swift` on the PATH belongs to.
    public static func toolchain(_ name: String) -> String {
        let folders = getenv("PATH").map { String(cString: $0) }?.split(separator: ":") ?? []
        guard let folder = folders.first(where: { access("\($0)/swift", X_OK) == 0 }), let real = realpath("\(folder)/swift", nil) else {
            return name
        }
        defer { free(real) }
        let path = String(cString: real).split(separator: "/", omittingEmptySubsequences: false)
        return (path.dropLast() + [Substring(name)]).joined(separator: "/")
    }

    /// What a compiler needs beside the built modules to read them: where the seams to C are, and libpq's header in a build with the trait.
    /// - Parameter folders: The names of the folders in Sources.
    public static func moduleFlags(_ folders: [String]) throws -> [String] {
        let seams = folders.map { (name: String) -> String in "\(top)/Sources/\(name)/module.modulemap" }
            .filter { access($0, R_OK) == 0 }.map { "-fmodule-map-file=\($0)" }
        #if PostgreSQL
        let includes = try run(["pkg-config", "--cflags-only-I", "libpq"]).output.split(whereSeparator: \.isWhitespace).map { String($0) }
        #else
        let includes: [String] = []
        #endif
        return (seams + includes).flatMap { ["-Xcc", $0] }
    }

    /// Runs a program, found on the PATH unless its name has a slash.
    public static func run(_ words: [String], input: String = "/dev/null") throws -> Result {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw CommandProblem(program: words[0], reason: errno) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        closeForeignDescriptors(&actions)
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        let problem = posix_spawnp(&process, words[0], &actions, nil, &arguments, environ)
        close(ends[1])
        defer { close(ends[0]) }
        guard problem == 0 else { throw CommandProblem(program: words[0], reason: problem) }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = read(ends[0], &buffer, buffer.count), count > 0 { output += buffer[..<count] }
        var status: Int32 = 0
        waitpid(process, &status, 0)
        return Result(output: String(decoding: output, as: UTF8.self), status: status)
    }
}

/// A program that could not be started.
public struct CommandProblem: Error, CustomStringConvertible {
    let program: String
    let reason: Int32

    /// - Parameter reason: The system's number of the error.
    public init(program: String, reason: Int32) {
        self.program = program
        self.reason = reason
    }

    /// Its name, and the system's reason.
    public var description: String { "\(program): \(String(cString: strerror(reason)))" }
}
