@testable import PosthornCurl
import Testing

@Suite struct SessionCacheTests {
    private typealias Cache = SessionCache<State>
    private typealias Session = Cache.Session

    /// A state that is a tenth of its size when it is written down.
    private struct State: SessionState {
        let mark: UInt8
        var bytes: Int
        var isWritten = false

        mutating func write() {
            if !isWritten { bytes /= 10 }
            isWritten = true
        }
    }

    private var cache = Cache(limitBytes: 1_000_000, readyLimitBytes: 1_000_000)

    private static func key(_ name: String, certificate: [UInt8]? = nil, authorities: UInt64 = 1) -> SessionKey {
        SessionKey(
            host: HostKey(isPlainHTTP: false, host: name, port: 443, certificate: certificate, hash: 7),
            authorities: authorities
        )
    }

    private static func session(_ mark: UInt8, bytes: Int = 100, isSingleUse: Bool = true, expires: Int64 = 100) -> Session {
        Session(state: State(mark: mark, bytes: bytes), isSingleUse: isSingleUse, provenAt: 0, expires: expires)
    }

    @Test mutating func ticketsAreUsedOnceTheNewestFirstAndTheLastAgain() {
        for mark in 1...3 { cache.keep(Self.session(UInt8(mark)), for: Self.key("a")) }
        let taken = (0..<5).map { _ in cache.take(for: Self.key("a"), now: 0)?.state.mark }
        #expect(taken == [3, 2, 1, 1, 1])
    }

    @Test mutating func aSessionThatMayBeUsedAgainStaysAndReplacesOthers() {
        cache.keep(Self.session(1, isSingleUse: false), for: Self.key("a"))
        cache.keep(Self.session(2, isSingleUse: false), for: Self.key("a"))
        #expect((0..<3).map { _ in cache.take(for: Self.key("a"), now: 0)?.state.mark } == [2, 2, 2])
    }

    @Test mutating func aHostKeepsFewAndNoneThatTakesManyOthersRoom() {
        for mark in 1...9 { cache.keep(Self.session(UInt8(mark)), for: Self.key("a")) }
        cache.keep(Self.session(99, bytes: 100_000), for: Self.key("a"))
        let taken = (0..<Cache.sessionsPerHost).map { _ in cache.take(for: Self.key("a"), now: 0)?.state.mark }
        #expect(taken == [9, 8, 7, 6])
        // Written down it is small enough.
        cache.keep(Self.session(5, bytes: 10_000), for: Self.key("b"))
        #expect(cache.take(for: Self.key("b"), now: 0)?.state.isWritten == true)
    }

    @Test mutating func sessionsBelongToOneNameOneCertificateAndOneSetOfAuthorities() {
        cache.keep(Self.session(1), for: Self.key("a"))
        for other in [Self.key("b"), Self.key("a", certificate: [1]), Self.key("a", authorities: 2)] {
            #expect(cache.take(for: other, now: 0) == nil)
        }
        cache.forgetAll(butOf: 2)
        #expect(cache.take(for: Self.key("a"), now: 0) == nil && cache.bytes == 0)
    }

    @Test mutating func expiredSessionsAreDropped() {
        cache.keep(Self.session(1, expires: 100), for: Self.key("a"))
        #expect(cache.take(for: Self.key("a"), now: 99) != nil)
        #expect(cache.take(for: Self.key("a"), now: 100) == nil)
        #expect(cache.count == 0 && cache.bytes == 0)
    }

    @Test mutating func theBytesAreBoundedAndTheLeastUsedGoesFirst() {
        cache = Cache(limitBytes: 100_000, readyLimitBytes: 100_000)
        for number in 0..<1000 {
            cache.keep(Self.session(1, bytes: 390), for: Self.key("host\(number)"))
            #expect(cache.bytes <= 100_000)
            #expect(cache.take(for: Self.key("host0"), now: 0) != nil)
        }
        #expect(cache.count > 100 && cache.count < 1000)
        #expect(cache.take(for: Self.key("host999"), now: 0) != nil)
        #expect(cache.take(for: Self.key("host700"), now: 0) == nil)
        cache.forget(Self.key("host0"))
        #expect(cache.take(for: Self.key("host0"), now: 0) == nil)
    }

    @Test mutating func newestSessionsAreObjectsAndOlderOnesAreSerialized() {
        cache = Cache(limitBytes: 1_000_000, readyLimitBytes: 10_000)
        for number in 0..<200 {
            cache.keep(Self.session(1, bytes: 1000), for: Self.key("host\(number)"))
            #expect(cache.readyBytes <= 10_000)
        }
        #expect(cache.count == 200)
        #expect(cache.take(for: Self.key("host199"), now: 0)?.state.isWritten == false)
        #expect(cache.take(for: Self.key("host0"), now: 0)?.state.isWritten == true)
        // Its next session is an object again, whatever its place was.
        cache.keep(Self.session(2, bytes: 1000), for: Self.key("host0"))
        #expect(cache.take(for: Self.key("host0"), now: 0)?.state.isWritten == false)
        #expect(cache.readyBytes <= 10_000)
        for number in 0..<200 { cache.forget(Self.key("host\(number)")) }
        #expect(cache.bytes == 0 && cache.readyBytes == 0 && cache.count == 0)
    }

    @Test func sessionCacheWithoutRoomKeepsNothing() {
        var none = Cache(limitBytes: 0, readyLimitBytes: 0)
        none.keep(Self.session(1), for: Self.key("a"))
        #expect(none.count == 0 && none.bytes == 0)
    }
}
