import PosthornText
import Posthorn
import PosthornModel
import PosthornStore

/// Collects the lines of `posthorn emit` into batches and hands them to the outbox.
final class EventAccepter {
    private let outbox: Outbox
    private let context: Context
    private let keepsGoing: Bool

    private var batch: [NewEvent] = []
    private var lines: [Int] = []
    private var batchBytes = 0
    private var lastLine = 0

    private var new = 0
    private var known = 0
    private var deliveries = 0
    /// New events that no endpoint gets, and the line of the first.
    private var unwanted = (count: 0, firstLine: 0)
    private var uncarried = UncarriedReport()
    /// Lines that were left out.
    private(set) var refused = 0
    /// Of these, those that stand behind what is not stored yet and so are not told of yet.
    private var unreportedProblems: [LineProblem] = []
    /// Everything up to this line is stored, as far as it is to be.
    private(set) var acceptedLines = 0

    /// A batch is one transaction: large enough to share a flush to disk, small enough to hold in memory.
    static let batchLimitEvents = 1000
    static let batchLimitBytes = 4 << 20

    init(_ outbox: Outbox, _ context: Context, keepsGoing: Bool) {
        self.outbox = outbox
        self.context = context
        self.keepsGoing = keepsGoing
    }

    /// Takes a line.
    /// - Throws: ``LineProblem`` when it is bad and that ends everything; `OutboxProblem` for the store.
    func take(_ line: LineReader.Line, number: Int) throws {
        lastLine = number
        switch line {
        case .tooLong:
            try refuse(
                number,
                InputProblem(
                    .tooLarge,
                    field: "",
                    reason: "is longer than \(EventLine.lineLimitBytes) bytes; send a link to the data instead"
                )
            )
        case .text(let bytes):
            if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return }
            do throws(InputProblem) { batch.append(NewEvent(try EventLine(bytes))) } catch {
                return try refuse(number, error)
            }
            lines.append(number)
            batchBytes += bytes.count
            if batch.count + unreportedProblems.count >= Self.batchLimitEvents || batchBytes >= Self.batchLimitBytes { try flush() }
        }
    }

    /// Stores what was collected.
    func flush() throws {
        defer {
            batch.removeAll(keepingCapacity: true)
            lines.removeAll(keepingCapacity: true)
            batchBytes = 0
        }
        if !batch.isEmpty {
            if keepsGoing { try storeEach() } else { try storeAll() }
            // A live producer reads what became of its events.
            context.output.flush()
        }
        tell(before: .max)
        acceptedLines = lastLine
    }

    private func storeAll() throws {
        do {
            for (i, event) in try outbox.emit(batch).enumerated() { count(event, line: lines[i]) }
        } catch let refusal as EmitRefusal {
            throw LineProblem(line: lines[refusal.index], problem: refusal.problem)
        }
    }

    private func storeEach() throws {
        for (i, result) in try outbox.emitEach(batch).enumerated() {
            switch result {
            case .success(let event): count(event, line: lines[i])
            case .failure(let problem):
                tell(before: lines[i])
                refused += 1
                tell(LineProblem(line: lines[i], problem: problem))
            }
        }
    }

    private func refuse(_ line: Int, _ problem: InputProblem) throws {
        let problem = LineProblem(line: line, problem: problem)
        if !keepsGoing { throw problem }
        refused += 1
        // Lines before it may turn out bad when they are stored; problems are told of in the order of lines.
        unreportedProblems.append(problem)
        if batch.count + unreportedProblems.count >= Self.batchLimitEvents { try flush() }
    }

    private func tell(before line: Int) {
        while let next = unreportedProblems.first, next.line < line {
            tell(next)
            unreportedProblems.removeFirst()
        }
    }

    private func tell(_ problem: LineProblem) { ErrorOutput.line("posthorn: \(TerminalText.text(problem.description))") }

    private func count(_ event: EmittedEvent, line number: Int) {
        if event.isNew { new += 1 } else { known += 1 }
        deliveries += event.deliveries
        if event.isNew, event.deliveries == 0 {
            unwanted = (unwanted.count + 1, unwanted.count == 0 ? number : unwanted.firstLine)
        }
        for delivery in event.uncarried { uncarried.add(delivery, line: number) }
        guard context.json else { return }
        var line = JSONLine()
        line.add("line", number)
        line.add("id", event.id)
        line.add("new", event.isNew)
        line.add("deliveries", event.deliveries)
        if !event.uncarried.isEmpty { line.add("unbuildable", event.uncarried.map(UncarriedReport.json)) }
        context.output.write(line)
    }

    /// Prints how many were accepted, and how many of them nobody gets: often a mistyped node or type.
    func report() {
        for sentence in uncarried.sentences { ErrorOutput.line("posthorn: \(sentence)") }
        if context.json { return }
        var text = "\(HumanText.count(new + known, "event")) accepted"
        if known > 0 { text += " (\(HumanText.grouped(known)) known already)" }
        text += ", \(HumanText.count(deliveries, "delivery", "deliveries"))"
        if refused > 0 { text += "; \(HumanText.count(refused, "line")) refused" }
        context.output.write(text + "\n")
        context.output.flush()
        if unwanted.count > 0 {
            let which = unwanted.count == 1 ? "the event of line" : "\(HumanText.grouped(unwanted.count)) events, the first of line"
            ErrorOutput.line(
                "posthorn: no endpoint gets \(which) \(unwanted.firstLine): none at the event's node or above takes its type; "
                    + "posthorn endpoint list shows where they stand and what they take"
            )
        }
    }
}
