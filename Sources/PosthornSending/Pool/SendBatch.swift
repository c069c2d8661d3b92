import Glibc
import PosthornModel
import Synchronization

/// Jobs that are handed to a ``SenderPool`` together, sorted by the thread that sends them as they come: sorting them
/// afterwards would count the references in each up and down once more.
public struct SendBatch: Sendable {
    var shares: [[SendJob]]

    package init(threads: Int) { shares = [[SendJob]](repeating: [], count: threads) }

    /// All jobs.
    package var jobs: [SendJob] { shares.flatMap { $0 } }

    /// Adds a job.
    public mutating func append(_ job: SendJob) { shares[threadIndex(of: job.target.key)].append(job) }

    private func threadIndex(of key: Int64) -> Int {
        if shares.count == 1 { return 0 }
        // Keys are often given out in a row; a multiplication (Fibonacci hashing) spreads them whatever their step.
        let mixed = UInt64(bitPattern: key) &* 0x9E37_79B9_7F4A_7C15
        return Int((mixed >> 32) % UInt64(shares.count))
    }
}
