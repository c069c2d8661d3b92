/// Instructions outside the kernel, by the shared object that they belong to.
package struct InstructionCount: Equatable, Sendable {
    /// All of them.
    package let total: Int
    /// By the object's short name, such as `libcurl`; empty where only the total is known.
    package let byObject: [String: Int]

    package init(total: Int, byObject: [String: Int] = [:]) {
        self.total = total
        self.byObject = byObject
    }

    /// What this count has beyond that of a smaller run of the same program.
    package func beyond(_ smaller: InstructionCount) -> InstructionCount {
        InstructionCount(
            total: total - smaller.total,
            byObject: byObject.merging(smaller.byObject.mapValues { -$0 }) { $0 + $1 }
        )
    }

    /// An object's name without its folder and version: `libcurl` for `/usr/lib/libcurl.so.4.8.0`. Code outside all objects,
    /// such as the stubs that the dynamic linker makes, is `unknown`.
    package static func shortName(ofObject path: some StringProtocol) -> String {
        let file = path.split(separator: "/").last.map { String($0) } ?? ""
        if file.isEmpty || file == "???" { return "unknown" }
        return file.firstRange(of: ".so").map { String(file[..<$0.lowerBound]) } ?? file
    }
}
