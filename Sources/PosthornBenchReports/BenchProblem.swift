/// Why a benchmark could not be made, in one line.
package struct BenchProblem: Error, Equatable, CustomStringConvertible {
    /// What is wrong, with the remedy where there is one.
    package let description: String
    /// 1, or 2 for wrong usage.
    package let exitStatus: Int32

    /// Something went wrong while it ran.
    package init(_ description: String) {
        self.description = description
        exitStatus = 1
    }

    private init(usage description: String) {
        self.description = description
        exitStatus = 2
    }

    /// The command was not typed as its help says.
    package static func usage(_ description: String) -> BenchProblem { BenchProblem(usage: description) }
}
