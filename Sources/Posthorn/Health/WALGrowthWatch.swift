import PosthornStore
import PosthornText

/// Decides when to tell that somebody's long reading keeps the write-ahead log from being emptied: until that ends the log
/// grows by all that is written, and in the end it fills the disk.
struct WALGrowthWatch {
    /// From so many bytes on it is told, and again whenever they have doubled.
    static let threshold = 64 << 20

    /// What stood there when it was last told; 0 while nothing is to be told.
    private var told = 0

    /// The news, if there is any, when so many bytes are held back.
    mutating func update(_ bytes: Int) -> EngineEvent? {
        if bytes >= max(Self.threshold, 2 * told) {
            told = bytes
            return .logHeldBack(bytes: bytes)
        }
        if told > 0, bytes < Self.threshold / 2 {
            told = 0
            return .logReleased
        }
        return nil
    }
}

/// Reports it.
final class WALGrowthDuty: EngineDuty {
    private let listeners: EngineListeners
    private var watch = WALGrowthWatch()

    init(_ listeners: EngineListeners) { self.listeners = listeners }

    func look(_ turn: EngineTurn, _ store: any OutboxStore) throws(OutboxProblem) -> Timestamp? {
        if let news = watch.update(store.pinnedBytes) { listeners.tell(news) }
        return nil
    }
}
