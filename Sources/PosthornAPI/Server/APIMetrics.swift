import Posthorn
import PosthornModel
import Synchronization

/// What the API counts of itself.
final class APIMetrics: Sendable {
    private let accepted = Atomic<Int>(0)
    private let duplicates = Atomic<Int>(0)
    private let refused = Atomic<Int>(0)

    /// Events that were accepted and are new, since the start.
    var acceptedEvents: Int { accepted.load(ordering: .relaxed) }
    /// Events that were there already.
    var duplicateEvents: Int { duplicates.load(ordering: .relaxed) }
    /// Events that were refused one by one.
    var refusedEvents: Int { refused.load(ordering: .relaxed) }

    /// Counts events that were handed in.
    func count(_ results: [Result<EmittedEvent, InputProblem>]) {
        var counts = (new: 0, known: 0, refused: 0)
        for result in results {
            switch result {
            case .success(let event): if event.isNew { counts.new += 1 } else { counts.known += 1 }
            case .failure: counts.refused += 1
            }
        }
        accepted.add(counts.new, ordering: .relaxed)
        duplicates.add(counts.known, ordering: .relaxed)
        refused.add(counts.refused, ordering: .relaxed)
    }
}
