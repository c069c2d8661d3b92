package import PosthornModel
import PosthornFormats
import PosthornStore
package import PosthornText
import PosthornSystem
import Synchronization

/// The keys of the HTTP API in memory, as of half a second ago at most, so that a request is judged without reading the outbox.
///
/// A thread of its own looks for changes. Where that cannot be read any more, nothing is opened after a few seconds: a key that was
/// revoked meanwhile must not work.
package final class AccessBook: Sendable {
    /// What a key opens.
    package struct Grant: Sendable {
        /// The key's id; `nil` where the API is open because there are no keys.
        package let keyID: String?
        /// The node whose tree is all that is seen; `nil` for the whole outbox.
        package let node: String?
        /// What may be done, with what those rights include.
        package let rights: Set<AccessRight>
        /// From when on it opens nothing; `nil` for never.
        package let expires: Timestamp?
        /// Whose share of what is limited its requests use: that of the first node-bound key of those that made it, by that key's node,
        /// so that no tenant has more for making more keys.
        package let share: String

        /// A grant of rights to a tree.
        package init(keyID: String?, node: String?, rights: Set<AccessRight>, expires: Timestamp? = nil, share: String? = nil) {
            self.keyID = keyID
            self.node = node
            self.rights = rights
            self.expires = expires
            self.share = share ?? keyID ?? ""
        }
    }

    /// What is known of a token.
    package enum Verdict: Sendable {
        case granted(Grant)
        /// No key, or one that is unknown, expired or revoked.
        case refused
        /// The keys could not be read for too long.
        case unknown
    }

    private struct State {
        var generation: Int64 = -1
        var keys: [String: StoredAccessKey] = [:]
        /// When the keys were last known to be these (`CLOCK_MONOTONIC`).
        var confirmed: Int64 = 0
        var uses: [String: Timestamp] = [:]
        var isClosing = false
    }

    private let outbox: Outbox
    private let state = Mutex(State())
    private let waker: Waker
    private let thread = Mutex<WorkerThread?>(nil)

    /// How often the keys are looked at.
    package static let intervalMilliseconds: Int64 = 500
    /// How old what is known may get before nothing is opened any more.
    static let trustNanoseconds: Int64 = 5_000_000_000
    /// A key's last use is written down to the hour.
    static let useMilliseconds: Int64 = 3_600_000
    /// Compared with for ids that are unknown, so that they take as long.
    private static let noDigest = String(repeating: "0", count: 64)

    /// Reads the keys and follows them.
    package init(_ outbox: Outbox) throws {
        self.outbox = outbox
        waker = try Waker()
        try refresh()
        let started = try WorkerThread(name: "api-keys") { [weak self, waker] in
            while true {
                waker.wait(milliseconds: Self.intervalMilliseconds)
                guard let self, !self.isClosing else { return }
                // What cannot be read now is read the next time; until then what is known ages.
                try? self.refresh()
            }
        }
        thread.withLock { $0 = started }
    }

    /// Stops following them.
    package func close() {
        state.withLock { $0.isClosing = true }
        waker.signal()
        thread.withLock { $0.take() }?.join()
    }

    private var isClosing: Bool { state.withLock { $0.isClosing } }

    /// Whether there was ever a key: from the first one on, the API is open to keys alone, revoked as they may be.
    package var hasKeys: Bool { state.withLock { !$0.keys.isEmpty } }

    /// Whether what is known is new enough to open anything.
    package var isFresh: Bool { state.withLock { Self.isFresh($0) } }

    private static func isFresh(_ state: State) -> Bool { MonotonicClock.nanoseconds() - state.confirmed < trustNanoseconds }

    /// Reads the keys again where they have changed.
    package func refresh() throws {
        let known = state.withLock { $0.generation }
        let began = MonotonicClock.nanoseconds()
        if try outbox.accessKeyGeneration() == known {
            state.withLock { $0.confirmed = began }
            return
        }
        let (generation, keys) = try outbox.storedAccessKeys()
        state.withLock { state in
            state.generation = generation
            state.keys = Dictionary(keys.map { ($0.key.id, $0) }, uniquingKeysWith: { first, _ in first })
            state.confirmed = began
        }
    }

    /// Judges a key's text.
    /// - Parameters:
    ///   - text: What was sent as one.
    ///   - now: The moment that says whether it has expired.
    package func verdict(_ text: some StringProtocol, at now: Timestamp) -> Verdict {
        guard let token = AccessToken(text) else { return .refused }
        let (stored, share, isFresh) = state.withLock { ($0.keys[token.id], Self.share(of: token.id, $0.keys), Self.isFresh($0)) }
        let digest = Outbox.digest(of: token)
        let isRight = ConstantTime.equal(digest.utf8, (stored?.digest ?? Self.noDigest).utf8)
        guard isFresh else { return .unknown }
        guard let key = stored?.key, isRight, key.isValid(at: now) else { return .refused }
        noteUse(key, at: now)
        return .granted(Grant(keyID: key.id, node: key.node, rights: key.allRights, expires: key.expires, share: share))
    }

    /// Makers of makers that are followed.
    private static let makerLimit = 32

    /// Whose share a key uses; see ``Grant/share``.
    static func share(of id: String, _ keys: [String: StoredAccessKey]) -> String {
        guard var key = keys[id]?.key else { return id }
        for _ in 0..<makerLimit {
            guard let maker = key.maker.flatMap({ keys[$0]?.key }), maker.node != nil else { break }
            key = maker
        }
        return key.node.map { "node \($0)" } ?? key.id
    }

    /// Whether a key that was accepted before still is, for requests that take long.
    /// - Parameter id: The key's id; `nil` for requests without a key, which are over with the first key.
    package func isStillGood(_ id: String?, at now: Timestamp) -> Bool {
        state.withLock { state in
            guard let id else { return state.keys.isEmpty }
            return Self.isFresh(state) && state.keys[id]?.key.isValid(at: now) ?? false
        }
    }

    private func noteUse(_ key: AccessKey, at now: Timestamp) {
        let isNew = state.withLock { state in
            let last = state.uses[key.id] ?? key.lastUsed
            if let last, now.milliseconds - last.milliseconds < Self.useMilliseconds { return false }
            state.uses[key.id] = now
            return true
        }
        if isNew { outbox.noteUse(of: [key.id: now]) }
    }
}
