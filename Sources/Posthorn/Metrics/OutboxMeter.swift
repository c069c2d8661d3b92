import PosthornModel
import PosthornSending
import PosthornStore
package import PosthornText
import Synchronization

/// What this process has done with an outbox, counted as it happens, for metrics. Any thread may ask; nothing is read for it.
///
/// Attempts are counted on the writer's thread, once they are on disk, under one lock a commit: beside the commit itself that is nothing.
package final class OutboxMeter: Sendable {
    /// How events come in.
    package enum Source: String, CaseIterable, Sendable {
        /// Through the HTTP API.
        case http
        /// By an `INSERT` of another program, counted when their deliveries are made.
        case sql
        /// Through the library in this process.
        case library
        /// By Posthorn itself: its events of endpoints, deliveries and replays.
        case posthorn
    }

    /// All figures since the outbox was opened.
    package struct Figures: Sendable {
        /// Events that are new, by where they came from.
        package fileprivate(set) var accepted: [Source: Int64] = [:]
        /// Events that were there already.
        package fileprivate(set) var duplicates: Int64 = 0
        /// All attempts.
        package fileprivate(set) var attempts = AttemptFigures()
        /// From an event's time to the start of its first attempt at an endpoint, in milliseconds.
        package fileprivate(set) var latencyMilliseconds = BucketCounts(upTo: [
            10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 60_000, 600_000, 3_600_000,
        ])
        /// Those of chosen endpoints, by their ids.
        package fileprivate(set) var endpoints: [String: AttemptFigures] = [:]

        /// Nothing yet.
        package init() {}
    }

    private let state = Mutex(Figures())

    /// The figures now.
    package var figures: Figures { state.withLock { $0 } }

    /// Counts the attempts of some endpoints apart as well, from now on.
    package func watch(_ endpoints: [String]) {
        state.withLock { figures in
            for endpoint in endpoints where figures.endpoints[endpoint] == nil { figures.endpoints[endpoint] = AttemptFigures() }
        }
    }

    func accepted(_ count: Int, from source: Source) {
        if count > 0 { state.withLock { $0.accepted[source, default: 0] += Int64(count) } }
    }

    /// Counts events that were handed in.
    func accepted(_ results: [Result<EmittedEvent, InputProblem>], from source: Source) {
        var (new, known) = (0, 0)
        for case .success(let event) in results { if event.isNew { new += 1 } else { known += 1 } }
        accepted(new, from: source)
        if known > 0 { state.withLock { $0.duplicates += Int64(known) } }
    }

    /// Counts results whose attempts have been recorded.
    /// - Parameter endpoint: Says the id of a result's endpoint, while it is known; asked only where endpoints were chosen.
    func recorded(_ batches: [[SendResult]], endpoint: (SendResult) -> String?) {
        if batches.isEmpty { return }
        state.withLock { figures in
            for batch in batches {
                // Through a pointer: a loop over the array itself would count five references up and down for each result.
                batch.withUnsafeBufferPointer { results in
                    for place in results.indices {
                        let (error, status) = (results[place].outcome.error, results[place].outcome.status)
                        let duration = results[place].outcome.durationMicroseconds
                        figures.attempts.add(error, status: status, microseconds: duration)
                        if results[place].job.attempt == 1 {
                            let created = results[place].job.event.event.created
                            figures.latencyMilliseconds.add(results[place].outcome.started.milliseconds - created.milliseconds)
                        }
                        if figures.endpoints.isEmpty { continue }
                        if let id = endpoint(results[place]) {
                            figures.endpoints[id]?.add(error, status: status, microseconds: duration)
                        }
                    }
                }
            }
        }
    }
}
