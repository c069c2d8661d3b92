@testable import PosthornSending
import Testing

@Suite struct SessionCacheTests {
    private typealias Key = SessionCache.Key
    private typealias Session = SessionCache.Session

    private var cache = SessionCache(limitBytes: 10_000)

    private static func key(_ name: String, certificate: [UInt8]? = nil, authorities: UInt64 = 1) -> Key {
        Key(
            host: HostKey(isPlainHTTP: false, host: name, port: 443, certificate: certificate, hash: 7),
            authorities: authorities
        )
    }

    private static func session(_ mark: UInt8, bytes: Int = 100, isSingleUse: Bool = true, expires: Int64 = 100) -> Session {
        Session(bytes: [UInt8](repeating: mark, count: bytes), isSingleUse: isSingleUse, provenAt: 0, expires: expires)
    }

    @Test mutating func ticketsAreUsedOnceTheNewestFirstAndTheLastAgain() {
        for mark in 1...3 { cache.keep(Self.session(UInt8(mark)), for: Self.key("a")) }
        let taken = (0..<5).map { _ in cache.take(for: Self.key("a"), now: 0)?.bytes.first }
        #expect(taken == [3, 2, 1, 1, 1])
    }

    @Test mutating func aSessionThatMayBeUsedAgainStaysAndReplacesOthers() {
        cache.keep(Self.session(1, isSingleUse: false), for: Self.key("a"))
        cache.keep(Self.session(2, isSingleUse: false), for: Self.key("a"))
        #expect((0..<3).map { _ in cache.take(for: Self.key("a"), now: 0)?.bytes.first } == [2, 2, 2])
    }

    @Test mutating func aHostKeepsFewAndNoLargeOnes() {
        for mark in 1...9 { cache.keep(Self.session(UInt8(mark)), for: Self.key("a")) }
        cache.keep(Self.session(99, bytes: SessionCache.sessionLimitBytes + 1), for: Self.key("a"))
        let taken = (0..<SessionCache.sessionsPerHost).map { _ in cache.take(for: Self.key("a"), now: 0)?.bytes.first }
        #expect(taken == [9, 8, 7, 6])
    }

    @Test mutating func sessionsBelongToOneNameOneCertificateAndOneSetOfAuthorities() {
        cache.keep(Self.session(1), for: Self.key("a"))
        for other in [Self.key("b"), Self.key("a", certificate: [1]), Self.key("a", authorities: 2)] {
            #expect(cache.take(for: other, now: 0) == nil)
        }
        cache.forgetAll(butOf: 2)
        #expect(cache.take(for: Self.key("a"), now: 0) == nil && cache.bytes == 0)
    }

    @Test mutating func whatHasExpiredIsGone() {
        cache.keep(Self.session(1, expires: 100), for: Self.key("a"))
        #expect(cache.take(for: Self.key("a"), now: 99) != nil)
        #expect(cache.take(for: Self.key("a"), now: 100) == nil)
        #expect(cache.count == 0 && cache.bytes == 0)
    }

    @Test mutating func theBytesAreBoundedAndTheLeastUsedGoesFirst() {
        for number in 0..<1000 {
            cache.keep(Self.session(1, bytes: 700), for: Self.key("host\(number)"))
            #expect(cache.bytes <= 10_000)
            #expect(cache.take(for: Self.key("host0"), now: 0) != nil)
        }
        #expect(cache.count == 10)
        #expect(cache.take(for: Self.key("host999"), now: 0) != nil)
        #expect(cache.take(for: Self.key("host900"), now: 0) == nil)
        cache.forget(Self.key("host0"))
        #expect(cache.take(for: Self.key("host0"), now: 0) == nil)
    }

    @Test func withoutRoomNothingIsKept() {
        var none = SessionCache(limitBytes: 0)
        none.keep(Self.session(1), for: Self.key("a"))
        #expect(none.count == 0 && none.bytes == 0)
    }
}
