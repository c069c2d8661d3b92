import PosthornModel
import PosthornText
import PosthornStore
import Synchronization

/// What the writer's part of an engine has in memory at one moment, for those who look into a running one.
package struct EngineSnapshot: Sendable {
    /// Deliveries in memory, and how many there may be.
    package var claims = 0
    package var claimLimit = 0
    /// Bytes of event data in memory, counted for each delivery, and how many there may be.
    package var claimBytes = 0
    package var claimByteLimit = 0
    /// Whether nothing moves in a full window, so that the reading goes on past those who fill it.
    package var isStalled = false
    /// First attempts are read up to this delivery's number.
    package var readyFrontier: Int64 = 0
    /// Retries are read up to what was due then, in milliseconds since 1970.
    package var retryFrontier: Int64 = 0
    /// Endpoints of which first attempts, and retries, wait behind what was read, because they have all they may have in memory.
    package var passedOver = 0
    package var retriesPassedOver = 0
    /// Endpoints that are held back as their receivers have asked for it.
    package var throttled = 0
    /// Results that have come from the senders and are not recorded.
    package var unrecorded = 0
    /// Whether the outbox cannot be written, or not be read.
    package var storageFailed = false
    package var claimFailed = false
    /// The endpoints with most in memory, that first.
    package var endpoints: [EndpointShare] = []

    /// What one endpoint has in memory.
    package struct EndpointShare: Sendable, Equatable {
        package let endpoint: String
        package let held: Int
        /// What it may have; it grows with each success and is halved by a failure.
        package let limit: Int
        package let bytes: Int
        package let isPassedOver: Bool
    }

    /// How many endpoints are named.
    package static let endpointLimit = 20
}

extension Engine {
    /// Has what the engine has in memory looked at, between two commits.
    /// - Parameter answer: Is given it on the writer's thread. While that waits for the disk it is not called, and never if the engine
    ///   ends before, stands by, or has not started.
    /// - Returns: Whether it has a writer that will answer; not while it stands by.
    @discardableResult
    package func takeSnapshot(_ answer: @escaping @Sendable (EngineSnapshot) -> Void) -> Bool {
        guard let core = state.withLock({ $0.core }) else { return false }
        core.inbox.withLock { $0.snapshots.append(answer) }
        outbox.writer.wake()
        return true
    }
}

extension EngineCore {
    /// Answers those who have asked for a snapshot.
    func answerSnapshots() {
        let answers = inbox.withLock { inbox in
            defer { inbox.snapshots = [] }
            return inbox.snapshots
        }
        if answers.isEmpty { return }
        let snapshot = snapshot
        for answer in answers { answer(snapshot) }
    }

    private var snapshot: EngineSnapshot {
        var snapshot = EngineSnapshot()
        (snapshot.claims, snapshot.claimLimit) = (dispatch.window.rows, ClaimWindow.rowLimit)
        (snapshot.claimBytes, snapshot.claimByteLimit) = (dispatch.window.bytes, ClaimWindow.byteLimit)
        snapshot.isStalled = dispatch.window.isStalled
        snapshot.readyFrontier = dispatch.ready.frontier
        snapshot.retryFrontier = dispatch.retries.frontier.due
        (snapshot.passedOver, snapshot.retriesPassedOver) = (dispatch.ready.rememberedCount, dispatch.retries.rememberedCount)
        snapshot.throttled = throttles.count
        snapshot.unrecorded = recording.reduce(0) { $0 + $1.count } + inbox.withLock { $0.count }
        (snapshot.storageFailed, snapshot.claimFailed) = (storageFailed, dispatch.backoff.isFailing)
        snapshot.endpoints = dispatch.window.largestShares(EngineSnapshot.endpointLimit)
            .map { index, share in
                EngineSnapshot.EndpointShare(
                    endpoint: directory[index].stored.settings.id,
                    held: share.held,
                    limit: share.limit,
                    bytes: share.bytes,
                    isPassedOver: dispatch.waits(index)
                )
            }
        return snapshot
    }
}
