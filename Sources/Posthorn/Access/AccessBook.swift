package import PosthornModel
import PosthornFormats
import PosthornStore
package import PosthornText
import PosthornSystem
import Synchronization

/// The keys and portal sessions of the HTTP API in memory, as of half a second ago at most, so that a request is judged without reading the outbox.
///
/// A thread of its own looks for changes. Where that cannot be read any more, nothing is opened after a few seconds: a key that was
/// revoked meanwhile must not work.
package final class AccessBook: Sendable {
    /// What a key or portal session opens.
    package struct Grant: Sendable {
        /// The key's or session's id; `nil` where the API is open because there are no keys.
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
        /// What a page must send along with every change; `nil` for keys, which no browser sends by itself.
        package let csrfToken: String?

        /// A grant of rights to a tree.
        package init(
            keyID: String?,
            node: String?,
            rights: Set<AccessRight>,
            expires: Timestamp? = nil,
            share: String? = nil,
            csrfToken: String? = nil
        ) {
            self.keyID = keyID
            self.csrfToken = csrfToken
            self.node = node
            self.rights = rights
            self.expires = expires
            self.share = share ?? keyID ?? ""
        }

        /// The same without some rights.
        package func without(_ withheld: Set<AccessRight>) -> Grant {
            if withheld.isEmpty { return self }
            let left = rights.subtracting(withheld)
            return Grant(keyID: keyID, node: node, rights: left, expires: expires, share: share, csrfToken: csrfToken)
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
        var portalGeneration: Int64 = 0
        var sessions: [String: StoredPortalSession] = [:]
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

    /// Reads the keys and sessions again where they have changed.
    package func refresh() throws {
        let (keys, portal) = state.withLock { ($0.generation, $0.portalGeneration) }
        let began = MonotonicClock.nanoseconds()
        let found = try outbox.accessGenerations()
        if found.portal != portal { try readSessions(after: portal) }
        if found.keys == keys {
            state.withLock { $0.confirmed = began }
            return
        }
        let (generation, read) = try outbox.storedAccessKeys()
        state.withLock { state in
            state.generation = generation
            state.keys = Dictionary(read.map { ($0.key.id, $0) }, uniquingKeysWith: { first, _ in first })
            state.confirmed = began
        }
    }

    /// Reads those sessions that are new or have changed, however many there are.
    private func readSessions(after known: Int64) throws {
        let (generation, changed) = try outbox.storedPortalSessions(changedAfter: known)
        let now = outbox.clock.now()
        state.withLock { state in
            // Another thread may have read more meanwhile.
            guard state.portalGeneration == known else { return }
            for stored in changed { state.sessions[stored.session.id] = stored }
            state.sessions = state.sessions.filter { $0.value.session.expires > now }
            state.portalGeneration = generation
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

    /// Judges what a browser's cookie holds.
    package func verdict(session text: some StringProtocol, at now: Timestamp) -> Verdict {
        guard let token = PortalToken(.session, text) else { return .refused }
        let (stored, isGood, share, isFresh) = state.withLock { state in
            let stored = state.sessions[token.id]
            return (stored, Self.isGood(stored?.session, state, at: now), Self.share(of: stored?.session, state.keys), Self.isFresh(state))
        }
        let isRight = ConstantTime.equal(Outbox.digest(of: token).utf8, (stored?.cookieDigest ?? Self.noDigest).utf8)
        guard isFresh else { return .unknown }
        guard let session = stored?.session, isRight, isGood else { return .refused }
        return .granted(
            Grant(
                keyID: session.id,
                node: session.node,
                rights: session.allRights,
                expires: session.expires,
                share: share,
                csrfToken: Outbox.csrfToken(of: token)
            )
        )
    }

    /// Whether the code of a link is that of a session that waits to be opened; those who guess codes make the store no work.
    package func mayOpen(_ code: PortalToken, at now: Timestamp) -> Bool {
        let stored = state.withLock { $0.sessions[code.id] }
        let isRight = ConstantTime.equal(Outbox.digest(of: code).utf8, (stored?.codeDigest ?? Self.noDigest).utf8)
        return isRight && stored?.session.state(at: now) == .unopened
    }

    /// The name of a key; `nil` when it has none.
    package func name(ofKey id: String) -> String? { state.withLock { $0.keys[id]?.key.name } }

    /// Whether two texts are the same, in a time that does not depend on where they differ.
    package static func isSame(_ a: String, _ b: String) -> Bool { ConstantTime.equal(a.utf8, b.utf8) }

    /// When a session expires; `nil` when it is not known.
    package func end(of session: String) -> Timestamp? { state.withLock { $0.sessions[session]?.session.expires } }

    /// A session is good as long as the key that made it is, so that revoking one that was stolen is enough.
    private static func isGood(_ session: PortalSession?, _ state: State, at now: Timestamp) -> Bool {
        guard let session, session.state(at: now) == .open else { return false }
        guard let maker = session.maker else { return true }
        return state.keys[maker]?.key.isValid(at: now) ?? false
    }

    /// A session's share is that of the key that made it where that has a node, and else that of its own node.
    private static func share(of session: PortalSession?, _ keys: [String: StoredAccessKey]) -> String {
        guard let session else { return "" }
        if let maker = session.maker, keys[maker]?.key.node != nil { return share(of: maker, keys) }
        return share(ofNode: session.node)
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
        return key.node.map { share(ofNode: $0) } ?? key.id
    }

    private static let tenantPrefix = "node "

    /// The share of a node's own keys, those that no other node's key has made.
    static func share(ofNode node: String) -> String { "\(tenantPrefix)\(node)" }

    /// Whether a share is a tenant's, and not the platform's own.
    package static func isTenant(_ share: String) -> Bool { share.hasPrefix(tenantPrefix) }

    /// Whether a key or session that was accepted before still is, for requests that take long.
    /// - Parameter id: Its id; `nil` for requests without a key, which are over with the first key.
    package func isStillGood(_ id: String?, at now: Timestamp) -> Bool {
        state.withLock { state in
            guard let id else { return state.keys.isEmpty }
            let isGood = state.keys[id]?.key.isValid(at: now) ?? Self.isGood(state.sessions[id]?.session, state, at: now)
            return Self.isFresh(state) && isGood
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
