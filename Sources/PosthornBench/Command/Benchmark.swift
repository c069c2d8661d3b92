/// A benchmark: a subcommand with its options, which runs and says what it found.
///
/// A new one is a type of its own in Benchmarks and a line in ``BenchCommand/all``.
protocol Benchmark {
    /// The subcommand.
    static var name: String { get }
    /// What it measures, in one line of the list.
    static var summary: String { get }
    /// What it does, for its own help.
    static var explanation: String { get }
    /// A command to start from.
    static var example: String { get }
    /// Its options beside `--json` and `--help`.
    static var options: [BenchOption<Self>] { get }

    /// With every option at its default.
    init()

    /// Throws ``BenchProblem`` when the options do not fit together.
    func check() throws

    /// Does the work and returns what it found.
    func run() throws -> any BenchResult
}

extension Benchmark {
    func check() throws {}

    /// A benchmark with options as they were given.
    static func reading(_ arguments: inout ArraySlice<String>, onFlag other: (String) throws -> Void) throws -> Self {
        var benchmark = Self()
        while let flag = arguments.popFirst() {
            if let option = options.first(where: { $0.flag == flag }) {
                try option.read(arguments.popFirst(), into: &benchmark)
            } else {
                try other(flag)
            }
        }
        try benchmark.check()
        return benchmark
    }

    /// What `posthorn-bench NAME --help` prints.
    static var help: String {
        let defaults = Self()
        var rows = options.map { ("\($0.flag) \($0.placeholder)", "\($0.meaning) (\($0.show(defaults)))") }
        rows.append(("--json", "JSON instead of a table"))
        let synopsis = options.map { "[\($0.flag) \($0.placeholder)] " }.joined() + "[--json]"
        return """
            Usage: posthorn-bench \(name) \(synopsis)

            \(explanation)

            \(BenchCommand.columns(rows))

            Example: \(example)
            """
    }
}

/// What a benchmark found, for people and for programs.
protocol BenchResult {
    /// Aligned lines for people.
    var table: String { get }
    /// JSON for programs: one object a line.
    var json: String { get }
}
