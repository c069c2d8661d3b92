import PosthornBenchReports
import PosthornModel
import PosthornText

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
    /// Its options beside `--gate`, `--json` and `--help`.
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
    /// - Parameter other: Takes a flag that is not the benchmark's own; its second parameter reads what follows the flag.
    static func reading(
        _ arguments: ArraySlice<String>,
        onFlag other: (_ flag: String, _ value: () throws -> String) throws -> Void
    ) throws -> Self {
        var benchmark = Self()
        var words = ArgumentWords(arguments)
        while let word = words.next() {
            let (flag, attached): (String, String?)
            switch word {
            case .plain(let text):
                throw BenchProblem.usage("\(InputProblem.printable(text)) belongs to no option; see posthorn-bench \(name) --help")
            case .flag(let written, let value): (flag, attached) = (written, value)
            }
            let option = options.first { $0.flag == flag }
            var takesValue = option?.takesValue ?? false
            if option == nil {
                try other(flag) {
                    takesValue = true
                    guard let value = words.value(attached) else { throw BenchProblem.usage("\(flag) wants a value behind it") }
                    return value
                }
            }
            if let attached, !takesValue {
                throw BenchProblem.usage("\(flag) takes no value; leave =\(InputProblem.printable(attached)) out")
            }
            try option?.read(takesValue ? words.value(attached) : nil, into: &benchmark)
        }
        try benchmark.check()
        return benchmark
    }

    /// What `posthorn-bench NAME --help` prints.
    static var help: String {
        let defaults = Self()
        var rows = options.map {
            ($0.typed, $0.show(defaults).isEmpty ? $0.meaning : "\($0.meaning) (\($0.show(defaults)))")
        }
        rows.append(("--gate BOUNDS", "exit with 1 when a figure of the JSON breaks a bound, such as 'seconds<=9,commits>=2'"))
        rows.append(("--json", "JSON instead of a table"))
        let synopsis = options.map { "[\($0.typed)] " }.joined() + "[--gate BOUNDS] [--json]"
        return """
            Usage: posthorn-bench \(name) \(synopsis)

            \(explanation)

            \(BenchCommand.columns(rows))

            Example: \(example)
            """
    }
}
