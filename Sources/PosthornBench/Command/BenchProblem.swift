/// Why a benchmark could not be made, in one line.
struct BenchProblem: Error, CustomStringConvertible {
    let description: String
    /// 1, or 2 for wrong usage.
    let exitStatus: Int32

    init(_ description: String) {
        self.description = description
        exitStatus = 1
    }

    private init(usage description: String) {
        self.description = description
        exitStatus = 2
    }

    /// The command was not typed as its help says.
    static func usage(_ description: String) -> BenchProblem { BenchProblem(usage: description) }
}
