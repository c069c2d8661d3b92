import PosthornBenchReports
import PosthornModel
import PosthornText

/// What ``SignBenchmark`` found: a row for each format and size.
struct SignReport: BenchResult {
    /// One format at one size.
    struct Cell {
        let format: String
        let payloadBytes: Int
        let requestBytes: Int
        var nanoseconds = Double.infinity
        var allocations = 0.0
        /// `nil` where the machine does not count them.
        var instructions: Double?
    }

    let cells: [Cell]

    var table: String {
        let hasInstructions = cells.contains { $0.instructions != nil }
        var rows = [["format", "payload", "body or query", "ns", "allocations"] + (hasInstructions ? ["instructions"] : [])]
        for cell in cells {
            var row = [cell.format, String(cell.payloadBytes), String(cell.requestBytes)]
            row += [Figure.rounded(cell.nanoseconds), Figure.rounded(cell.allocations)]
            if hasInstructions { row.append(cell.instructions.map { Figure.rounded($0) } ?? "-") }
            rows.append(row)
        }
        let lines = TextColumns.lines(rows, numbersFrom: 1)
        let note = hasInstructions ? "" : "\nInstructions are left out: this machine does not let a program count them."
        return "One request composed and signed, on one thread, into buffers that are used again\n"
            + lines.joined(separator: "\n") + note
    }

    var figures: [Figure] {
        cells.flatMap { cell in
            let name = "\(cell.format)_\(cell.payloadBytes)".replacing(" ", with: "_")
            return [
                Figure("\(name)_nanoseconds", "ns, \(cell.format)", cell.nanoseconds),
                Figure("\(name)_allocations", "allocations, \(cell.format)", cell.allocations),
            ]
        } + ofFiles
    }

    /// What a signature of a vendor's file costs beside the same one built in, where that is most.
    private var ofFiles: [Figure] {
        let pairs = cells.compactMap { file -> (file: Cell, own: Cell)? in
            guard file.format.hasPrefix("file") else { return nil }
            let name = file.format.replacing("file", with: "hmac")
            return cells.first { $0.format == name && $0.payloadBytes == file.payloadBytes }.map { (file, $0) }
        }
        func most(_ cost: (Cell) -> Double) -> Double { pairs.map { cost($0.file) / max(cost($0.own), .leastNonzeroMagnitude) }.max() ?? 0 }
        return [
            Figure("file_allocations_over_built_in", "a vendor's file, times the allocations built in", most(\.allocations)),
            Figure("file_nanoseconds_over_built_in", "a vendor's file, times the time built in", most(\.nanoseconds)),
        ]
    }

    var json: String {
        cells.map { cell in
            var members: [JSONValue.Member] = [
                .init("format", .string(cell.format)),
                .init("payload_bytes", .number(String(cell.payloadBytes))),
                .init("request_bytes", .number(String(cell.requestBytes))),
                .init("nanoseconds", .number(Figure.rounded(cell.nanoseconds))),
                .init("allocations", .number(Figure.rounded(cell.allocations))),
            ]
            members.append(.init("instructions", cell.instructions.map { .number(Figure.rounded($0)) } ?? .null))
            return JSONValue.object(members).text
        }.joined(separator: "\n")
    }
}
