import PosthornModel

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
            row += [FigureList.rounded(cell.nanoseconds), FigureList.rounded(cell.allocations)]
            if hasInstructions { row.append(cell.instructions.map { FigureList.rounded($0) } ?? "-") }
            rows.append(row)
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            row.indices.map { i in
                let pad = String(repeating: " ", count: widths[i] - row[i].count)
                return i == 0 ? row[i] + pad : pad + row[i]
            }.joined(separator: "  ")
        }
        let note = hasInstructions ? "" : "\nInstructions are left out: this machine does not let a program count them."
        return "One request composed and signed, on one thread, into buffers that are used again\n"
            + lines.joined(separator: "\n") + note
    }

    var figures: [FigureList.Figure] {
        cells.flatMap { cell in
            let name = "\(cell.format)_\(cell.payloadBytes)".replacing(" ", with: "_")
            return [
                FigureList.Figure("\(name)_nanoseconds", "ns, \(cell.format)", cell.nanoseconds),
                FigureList.Figure("\(name)_allocations", "allocations, \(cell.format)", cell.allocations),
            ]
        }
    }

    var json: String {
        cells.map { cell in
            var members: [JSONValue.Member] = [
                .init("format", .string(cell.format)),
                .init("payload_bytes", .number(String(cell.payloadBytes))),
                .init("request_bytes", .number(String(cell.requestBytes))),
                .init("nanoseconds", .number(FigureList.rounded(cell.nanoseconds))),
                .init("allocations", .number(FigureList.rounded(cell.allocations))),
            ]
            members.append(.init("instructions", cell.instructions.map { .number(FigureList.rounded($0)) } ?? .null))
            return JSONValue.object(members).text
        }.joined(separator: "\n")
    }
}
