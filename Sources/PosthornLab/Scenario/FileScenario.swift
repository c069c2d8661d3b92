import PosthornFormats
import PosthornModel
import PosthornText

/// The platform of a vendor that a file describes: its examples, in turn.
struct FileScenario: VendorScenario {
    let nodes: [Node]
    let types: [String]
    private let samples: [(type: String, data: JSONValue)]
    private var next = 0

    init(_ file: VendorFile) {
        nodes = [Node(id: "vendor", level: .company)]
        types = file.types.map(\.name)
        samples = file.types.flatMap { kind in
            kind.samples.compactMap { sample in (try? JSONValue.parse(sample)).map { (kind.name, $0) } }
        }
    }

    mutating func next(at now: Timestamp, _ random: inout SeededGenerator) -> (type: String, node: String, data: JSONValue) {
        defer { next += 1 }
        let sample = samples[next % samples.count]
        return (sample.type, nodes[0].id, sample.data)
    }
}
