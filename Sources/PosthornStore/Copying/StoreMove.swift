package import PosthornText

/// Moves an outbox from one store into another. It can be broken off at any moment and be called again with the same two: until its last
/// transaction the new outbox cannot be opened, and from its first one on the old one cannot.
package enum StoreMove {
    /// What is to be done, as it follows from what the two are like.
    package enum Step: Sendable, Equatable { case begin, goOn, nothing }

    /// Pure.
    /// - Throws: ``OutboxProblem`` of code `refused` when it would lose something, or send it twice.
    package static func step(
        from source: CopyCondition,
        _ sourceName: String,
        to target: CopyCondition,
        _ targetName: String
    ) throws(OutboxProblem) -> Step {
        func refuse(_ reason: String) -> OutboxProblem { OutboxProblem(.refused, reason) }
        if source.contents == .missing { throw refuse("there is no outbox \(sourceName) to be moved; correct --from") }
        if source.gate?.kind == .filling {
            throw refuse("the outbox \(sourceName) is itself not complete yet; finish the move into it first")
        }
        let isBegun = target.gate?.kind == .filling
        if let gate = target.gate, gate.kind == .moved {
            throw refuse("the outbox \(targetName) was moved to \(gate.other) itself; name a new one with --to")
        }
        if isBegun, target.gate?.identity != source.identity {
            throw refuse("another outbox, \(target.gate?.other ?? "?"), is being moved to \(targetName); name a new one with --to")
        }
        guard source.gate?.kind == .moved else {
            if target.contents == .used, !isBegun {
                throw refuse("there is an outbox with something in it in \(targetName); name a new file or an empty database with --to")
            }
            return isBegun ? .goOn : .begin
        }
        if isBegun { return .goOn }
        if target.contents == .used, target.identity == source.identity { return .nothing }
        throw refuse("the outbox \(sourceName) was moved to \(source.gate?.other ?? "?") before; name that one")
    }

    /// Moves it.
    /// - Parameters:
    ///   - rows: How many rows a transaction has at most.
    ///   - report: Called with each table once it is copied, and how many rows were copied by this call.
    /// - Returns: Every table with its number of rows, in both outboxes; `nil` when all was done before.
    package static func run(
        from source: any StoreCopy,
        to target: any StoreCopy,
        rows: Int,
        at now: Timestamp,
        report: (CopiedTable, Int) -> Void
    ) throws(OutboxProblem) -> [(table: CopiedTable, rows: Int)]? {
        let condition = try source.condition()
        if try step(from: condition, source.name, to: target.condition(), target.name) == .nothing { return nil }
        // First the one that is to be filled: what was begun shows which outbox it is for.
        try target.prepare(CopyGate(.filling, identity: condition.identity, other: source.name))
        try source.seal(CopyGate(.moved, identity: condition.identity, other: target.name))
        for table in CopiedTable.all { report(table, try copy(table, source, target, rows)) }
        var counts: [(table: CopiedTable, rows: Int)] = []
        for table in CopiedTable.all { counts.append((table, try compare(table, source, target, rows))) }
        try target.finish(CopiedChange(time: now, source: source.name), settings: source.settings())
        return counts
    }

    /// Goes on where a former call has ended: rows are copied in the order of their keys, and those of a transaction are there or not.
    private static func copy(
        _ table: CopiedTable,
        _ source: any StoreCopy,
        _ target: any StoreCopy,
        _ limit: Int
    ) throws(OutboxProblem) -> Int {
        var (last, count) = (try target.lastKey(of: table), 0)
        while true {
            let rows = try source.rows(of: table, after: last, limit: limit)
            guard let end = rows.last else { return count }
            try target.add(rows, to: table)
            last = Array(end.prefix(table.keyColumns))
            count += rows.count
        }
    }

    /// Reads both again, row by row.
    /// - Returns: How many there are.
    /// - Throws: ``OutboxProblem`` of code `damaged` with the key of the first row that is not the same.
    private static func compare(
        _ table: CopiedTable,
        _ source: any StoreCopy,
        _ target: any StoreCopy,
        _ limit: Int
    ) throws(OutboxProblem) -> Int {
        var (last, count): ([CopiedValue]?, Int) = (nil, 0)
        while true {
            let (one, other) = (
                try source.rows(of: table, after: last, limit: limit), try target.rows(of: table, after: last, limit: limit)
            )
            // One of them may have given fewer than it was asked for.
            let common = min(one.count, other.count)
            for (a, b) in zip(one, other) where a != b { throw difference(table, a, b, source.name, target.name) }
            if common == 0 {
                if let odd = one.first ?? other.first { throw difference(table, odd, [], source.name, target.name) }
                return count
            }
            last = Array(one[common - 1].prefix(table.keyColumns))
            count += common
        }
    }

    private static func difference(
        _ table: CopiedTable,
        _ row: [CopiedValue],
        _ other: [CopiedValue],
        _ source: String,
        _ target: String
    ) -> OutboxProblem {
        let key = row.prefix(table.keyColumns).map { "\($0)" }.joined(separator: ", ")
        let column = zip(table.columns, zip(row, other)).first { $0.1.0 != $0.1.1 }.map { " in \($0.0.name)" } ?? ""
        return OutboxProblem(
            .damaged,
            "row \(key) of \(table.name) is not the same\(column) in \(source) and in \(target); nothing was opened, so give the move up "
                + "(--abandon), which leaves \(source) as it was"
        )
    }

    /// Gives a move up that is not finished: the old outbox is as it was before, and the new one stays shut.
    package static func abandon(from source: any StoreCopy, to target: any StoreCopy) throws(OutboxProblem) {
        let (condition, there) = (try source.condition(), try target.condition())
        guard let gate = condition.gate, gate.kind == .moved else {
            throw OutboxProblem(.refused, "the outbox \(source.name) is not being moved; there is nothing to give up")
        }
        // One that is complete may have delivered by now.
        if there.contents == .used, there.gate == nil, there.identity == condition.identity {
            throw OutboxProblem(.refused, "the move to \(target.name) is finished; move it back with --from and --to exchanged")
        }
        guard let begun = there.gate, begun.identity == condition.identity, begun.kind == .filling || begun.isGivenUp else {
            throw OutboxProblem(
                .refused,
                "the outbox \(source.name) is being moved to \(gate.other), and not to \(target.name); correct --to"
            )
        }
        // It cannot be finished from now on.
        try target.seal(CopyGate(.moved, identity: condition.identity, other: CopyGate.nowhere))
        try source.unseal()
    }
}
