import Synchronization

/// Makes one piece of news of what several threads run into.
final class FaultNews: Sendable {
    private let counts = Mutex([MachineFault: Int]())
    private let tell: @Sendable (MachineFault, _ detail: String?) -> Void

    /// - Parameter tell: Hears of a fault that begins, with its detail, or that is over, with none.
    init(_ tell: @escaping @Sendable (MachineFault, String?) -> Void) { self.tell = tell }

    /// One thread has met the fault, with this detail, or is free of it.
    func count(_ fault: MachineFault, _ detail: String?) {
        let isNews = counts.withLock { counts in
            let (before, change) = (counts[fault, default: 0], detail == nil ? -1 : 1)
            counts[fault] = before + change
            return before + change == (detail == nil ? 0 : 1)
        }
        if isNews { tell(fault, detail) }
    }
}
