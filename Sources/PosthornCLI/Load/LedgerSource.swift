import Glibc
import PosthornLab
import PosthornModel
import PosthornSending
import PosthornSystem
import Synchronization

/// Where a receiver's ledger is read: a file, from what stood in it before the load on, or a URL, by GET.
struct LedgerSource {
    private enum Origin {
        case file(path: String, from: Int)
        case url(LabTarget, caFile: String?)
    }

    private let origin: Origin
    /// As it was written.
    private let text: String
    /// How long a receiver may take to process what it has answered.
    let graceMilliseconds: Int64

    private static let limitBytes = 1 << 30
    /// How much of a file is looked at before the load.
    private static let sampleBytes = 1 << 16
    private static let pauseMilliseconds: Int64 = 200
    private static let timeoutMilliseconds = 30_000

    static let flags: [CommandSpecification.Flag] = [
        .init("ledger", "URL|FILE", "where the receiver says which events it has processed, one a line; read after the run"),
        .init("ledger-wait", "TIME", "how long the receiver may take to process what it has answered (default 10s)"),
    ]

    /// Whether a ledger is named by URL.
    private static func isURL(_ text: String) -> Bool { text.hasPrefix("http://") || text.hasPrefix("https://") }

    /// The host that `--ledger` names, if it names one.
    static func host(_ arguments: ParsedArguments) -> String? {
        arguments.text("ledger").flatMap { isURL($0) ? try? EndpointURL($0).host : nil }
    }

    /// - Returns: `nil` when no ledger is wanted.
    init?(_ arguments: ParsedArguments, _ command: String) throws {
        graceMilliseconds = (try LoadFlags.duration("ledger-wait", arguments, command) ?? 10_000_000_000) / 1_000_000
        guard let text = arguments.text("ledger") else {
            if arguments.has("ledger-wait") { throw UsageProblem("--ledger-wait needs --ledger", command: command) }
            return nil
        }
        if text.isEmpty || text == "-" {
            throw UsageProblem("--ledger: \"\(text)\" is neither a file nor a URL; it is read again and again", command: command)
        }
        self.text = text
        guard Self.isURL(text) else {
            var facts = stat()
            origin = .file(path: text, from: stat(text, &facts) == 0 ? Int(facts.st_size) : 0)
            return
        }
        do throws(InputProblem) { _ = try EndpointURL(text) } catch { throw UsageProblem("--ledger: \(error)", command: command) }
        let target = try LabTarget(text: text, owned: arguments.all("i-own-this-host"), command: command)
        origin = .url(target, caFile: arguments.text("ca-file"))
    }

    /// Looks at the ledger before the first request, so that a wrong name does not cost a run. A file may be missing still.
    /// - Returns: What the operator should know, if anything.
    /// - Throws: Why it cannot be read, or what in it is no ledger.
    func check() throws -> String? {
        guard case .file(let path, _) = origin else {
            if case .url(let target, _) = origin { try target.check() }
            _ = try ledger(try read())
            return nil
        }
        var facts = stat()
        if stat(path, &facts) != 0 {
            guard errno == ENOENT, access(Self.folder(of: path), X_OK) == 0 else {
                throw problem("cannot be read: \(String(cString: strerror(errno)))")
            }
            return "--ledger: \(TerminalText.text(path)) is not there yet; the receiver is expected to make it during the load"
        }
        if facts.st_mode & S_IFMT != S_IFREG { throw problem("is no file; name the file that the receiver appends to, or a URL") }
        var head: [UInt8] = []
        let file = try opened(path)
        while head.count < Self.sampleBytes, try file.read(into: &head) > 0 {}
        _ = try ledger(head)
        return nil
    }

    /// The folder that a file stands in.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Reads the ledger into a report, again and again until nothing is lost or the time of grace is over.
    /// - Parameter stop: Ends the waiting, also when it was set before.
    /// - Throws: Why there is none to be read, or that it names nothing of this load; the report has none then.
    func complete(_ report: inout LoadReport, until stop: StopMark) throws {
        let end = MonotonicClock.nanoseconds() + graceMilliseconds * 1_000_000
        while true {
            report.take(try ledger(try read()))
            let left = (end - MonotonicClock.nanoseconds()) / 1_000_000
            if report.ledger?.lost == 0 { return }
            if left <= 0 || stop.isSet { break }
            stop.waker.wait(milliseconds: min(left, Self.pauseMilliseconds))
        }
        guard let ledger = report.ledger, ledger.namesNothing else { return }
        report.dropLedger()
        throw problem(
            "names none of the \(HumanText.count(ledger.lost, "event")) that were answered 200, in \(HumanText.count(ledger.unknown, "line")): "
                + "the receiver has processed nothing, or this is not its ledger"
        )
    }

    /// What it holds now; nothing where it is a file that is not there yet.
    func current() throws -> Ledger {
        if case .file(let path, _) = origin, access(path, F_OK) != 0 { return try ledger([]) }
        return try ledger(try read())
    }

    private func problem(_ reason: String) -> InputProblem {
        InputProblem(field: "--ledger", value: Self.isURL(text) ? MaskedURL.text(text) : text, reason: reason)
    }

    private func ledger(_ bytes: [UInt8]) throws(InputProblem) -> Ledger {
        do throws(InputProblem) { return try Ledger(bytes) } catch {
            throw problem("is no ledger: \(error.at(""))")
        }
    }

    private func opened(_ path: String) throws(InputProblem) -> InputFile {
        do throws(InputFileProblem) { return try InputFile(path) } catch { throw problem("cannot be read: \(error)") }
    }

    private func read() throws -> [UInt8] {
        switch origin {
        case .file(let path, let from):
            if access(path, F_OK) != 0 { throw problem("is not there: the receiver has not made it") }
            let bytes = try opened(path).contents(limitBytes: Self.limitBytes)
            // A file that is shorter than before the load was begun again.
            return Array(bytes.count >= from ? bytes[from...] : bytes[...])
        case .url(let target, let caFile):
            let answer: SingleResponse
            do throws(SingleRequestProblem) {
                answer = try SingleRequest.perform(
                    target.url,
                    timeoutMilliseconds: Self.timeoutMilliseconds,
                    bodyLimitBytes: Self.limitBytes,
                    guard: target.guard,
                    caFile: caFile
                )
            } catch {
                throw problem("cannot be read: \(error)")
            }
            guard answer.status == 200, !answer.isTruncated else {
                throw problem(answer.status == 200 ? "is larger than a gibibyte" : "was answered \(answer.status), not 200")
            }
            // An answer is whole, so its last line is too.
            return answer.body + [0x0A]
        }
    }
}

/// Whether somebody wants an end, and a waker for those who wait meanwhile.
final class StopMark: Sendable {
    let waker: Waker
    private let mark = Atomic(false)

    init() throws(SystemProblem) { waker = try Waker() }

    var isSet: Bool { mark.load(ordering: .relaxed) }

    func set() {
        mark.store(true, ordering: .relaxed)
        waker.signal()
    }
}
