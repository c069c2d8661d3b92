/// When to look again for what is due, after it could not be read for a reason that does not pass by itself, such as a damaged
/// page or a missing index. A value that decides alone; times are monotonic nanoseconds.
struct ClaimBackoff {
    /// The first pause.
    static let firstNanoseconds: Int64 = 1_000_000_000
    /// The longest one, and how long it must be well before the next pause is a first one again.
    static let longestNanoseconds: Int64 = 60_000_000_000

    private(set) var isFailing = false
    private var pause: Int64 = 0
    private var next = Int64.min
    private var told: String?

    /// How long to wait yet; 0 when it may be tried.
    func nanosecondsLeft(now: Int64) -> Int64 { isFailing ? max(0, next - now) : 0 }

    /// It could not be read.
    /// - Returns: Whether that is news: the first time, and whenever the reason is another one.
    mutating func failed(_ reason: String, now: Int64) -> Bool {
        let wasLongAgo = next == .min || now - next > Self.longestNanoseconds
        pause = wasLongAgo ? Self.firstNanoseconds : min(2 * pause, Self.longestNanoseconds)
        next = now + pause
        isFailing = true
        defer { told = reason }
        return told != reason
    }

    /// It was read.
    /// - Returns: Whether that is news.
    mutating func succeeded() -> Bool {
        defer {
            isFailing = false
            told = nil
        }
        return isFailing
    }
}
