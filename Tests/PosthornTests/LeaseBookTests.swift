import PosthornStore
import Testing

@testable import Posthorn

@Suite struct LeaseBookTests {
    private static func lease(_ shards: Range<Int>, recalled: Range<Int> = 0..<0) -> ShardLease {
        ShardLease(shards: ShardSet(shards), recalled: ShardSet(recalled))
    }

    /// Numbers of endpoints in shards 0, 1 and so on.
    private static func mayStart(_ book: LeaseBook) -> [Int64] { (0..<8).filter(book.mayStart) }

    @Test func withoutALeaseNothingMayStart() {
        let book = LeaseBook()
        #expect(!book.holdsAll)
        #expect(Self.mayStart(book).isEmpty)
    }

    @Test func theOnlyEngineStartsEverything() {
        var book = LeaseBook()
        #expect(book.update(.all) == LeaseBook.Change(gained: .all, lost: .none, recalled: .none))
        #expect(book.holdsAll)
        #expect(book.mayStart(.max) && book.mayStart(-1))
        #expect(book.update(.all) == nil)
    }

    @Test func shardsComeAndGo() {
        var book = LeaseBook()
        _ = book.update(Self.lease(0..<4))
        #expect(Self.mayStart(book) == [0, 1, 2, 3])
        #expect(book.update(Self.lease(2..<6)) == LeaseBook.Change(gained: ShardSet([4, 5]), lost: ShardSet([0, 1]), recalled: .none))
        #expect(Self.mayStart(book) == [2, 3, 4, 5])
    }

    @Test func recalledShardsStartNothingAndAreKept() {
        var book = LeaseBook()
        _ = book.update(Self.lease(0..<4))
        let recalled = Self.lease(0..<4, recalled: 2..<4)
        #expect(book.update(recalled) == LeaseBook.Change(gained: .none, lost: .none, recalled: ShardSet([2, 3])))
        #expect(Self.mayStart(book) == [0, 1])
        // The other engine has gone before it got them.
        #expect(book.update(Self.lease(0..<4)) == LeaseBook.Change(gained: ShardSet([2, 3]), lost: .none, recalled: .none))
        _ = book.update(recalled)
        #expect(book.update(Self.lease(0..<2)) == LeaseBook.Change(gained: .none, lost: ShardSet([2, 3]), recalled: .none))
    }

    @Test func aRenewalChangesNoShards() {
        var book = LeaseBook()
        _ = book.update(ShardLease(shards: ShardSet([1]), endsAt: 5))
        #expect(book.update(ShardLease(shards: ShardSet([1]), endsAt: 6)) == nil)
        #expect(book.lease.endsAt == 6 && Self.mayStart(book) == [1])
    }

    @Test func everyEndpointIsInOneShard() {
        #expect(ShardSet.shard(ofEndpoint: 0) == 0 && ShardSet.shard(ofEndpoint: 65) == 1)
        #expect((0..<ShardSet.count).contains(ShardSet.shard(ofEndpoint: .min)))
        #expect(ShardSet.all.numbers == Array(0..<ShardSet.count) && ShardSet.all.count == ShardSet.count)
        #expect(ShardSet([3, 9]).union(ShardSet([4])).subtracting(ShardSet([3])).numbers == [4, 9])
        #expect(ShardSet([3, 9]).intersection(ShardSet([9, 10])) == ShardSet([9]))
        #expect(ShardSet.none.isEmpty && !ShardSet([63]).isEmpty)
    }
}
