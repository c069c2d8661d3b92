import Glibc
import PosthornLab
import PosthornModel
import PosthornSending
import PosthornSystem
import Synchronization

/// Where a receiver's ledger is read: a file, from what stood in it before the load on, or a URL, by GET.
struct LedgerSource {
    private enum Place {
        case file(path: String, from: Int)
        case url(EndpointURL, EgressGuard, caFile: String?)
    }

    private let place: Place
    /// How long a receiver may take to process what it has answered.
    private let graceMilliseconds: Int64

    private static let limitBytes = 1 << 30
    private static let pauseMilliseconds: Int64 = 200
    private static let timeoutMilliseconds = 30_000

    static let flags: [CommandSpecification.Flag] = [
        .init("ledger", "URL|FILE", "where the receiver says which events it has processed, one a line; read after the run"),
        .init("ledger-wait", "TIME", "how long the receiver may take to process what it has answered (default 10s)"),
    ]

    /// - Returns: `nil` when no ledger is wanted.
    init?(_ arguments: ParsedArguments, _ target: LabTarget, _ command: String) throws {
        graceMilliseconds = (try LoadFlags.duration("ledger-wait", arguments, command) ?? 10_000_000_000) / 1_000_000
        guard let text = arguments.text("ledger") else {
            if arguments.has("ledger-wait") { throw UsageProblem("--ledger-wait needs --ledger", command: command) }
            return nil
        }
        guard text.hasPrefix("http://") || text.hasPrefix("https://") else {
            var facts = stat()
            place = .file(path: text, from: stat(text, &facts) == 0 ? Int(facts.st_size) : 0)
            return
        }
        let url: EndpointURL
        do throws(InputProblem) { url = try EndpointURL(text) } catch {
            throw UsageProblem("--ledger: \(error)", command: command)
        }
        let own = url.host == target.url.host ? target.guard : LabGuard.make(isOwned: false)
        place = .url(url, own, caFile: arguments.text("ca-file"))
    }

    /// Reads the ledger into a report, again and again until nothing is lost or the time of grace is over.
    /// - Parameter stop: Ends the waiting, also when it was set before.
    func complete(_ report: inout LoadReport, until stop: StopMark) throws {
        let end = MonotonicClock.nanoseconds() + graceMilliseconds * 1_000_000
        while true {
            report.take(try Ledger(try read()))
            let left = (end - MonotonicClock.nanoseconds()) / 1_000_000
            if report.ledger?.lost == 0 || left <= 0 || stop.isSet { return }
            stop.waker.wait(milliseconds: min(left, Self.pauseMilliseconds))
        }
    }

    private func read() throws -> [UInt8] {
        switch place {
        case .file(let path, let from):
            let bytes = try InputFile(path).contents(limitBytes: Self.limitBytes)
            // A file that is shorter than before the load was begun anew.
            return Array(bytes.count >= from ? bytes[from...] : bytes[...])
        case .url(let url, let own, let caFile):
            let answer: SingleResponse
            do throws(SingleRequestProblem) {
                answer = try SingleRequest.perform(
                    url,
                    timeoutMilliseconds: Self.timeoutMilliseconds,
                    bodyLimitBytes: Self.limitBytes,
                    guard: own,
                    caFile: caFile
                )
            } catch {
                throw InputProblem(field: "ledger", value: url.text, reason: "cannot be read: \(error)")
            }
            guard answer.status == 200, !answer.isTruncated else {
                let why = answer.status == 200 ? "is larger than a gibibyte" : "was answered \(answer.status), not 200"
                throw InputProblem(field: "ledger", value: url.text, reason: why)
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
