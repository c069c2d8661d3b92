import PosthornStore
import Testing

@testable import Posthorn

@Suite struct LaneBookTests {
    private func place(_ lane: Int64, head: Int64?) -> LanePlace { LanePlace(endpoint: 1, lane: lane, head: head) }

    @Test func theHeadGoesAndNobodyElse() {
        var book = LaneBook()
        #expect(book.isIdle)
        let isNews = book.follow(0, hasOrder: true)
        #expect(isNews)
        #expect(!book.isIdle)
        #expect(book.mayGo(5, place(1, head: 5)))
        #expect(!book.mayGo(6, place(1, head: 5)))
        book.take(5, place(1, head: 5))
        // One that was put in front meanwhile waits for what is on the wire.
        #expect(!book.mayGo(4, place(1, head: 4)))
        #expect(book.mayGo(7, place(2, head: 7)))
        book.release(5)
        #expect(book.mayGo(4, place(1, head: 4)))
    }

    @Test func headsWaitForRoomInTheirOrder() {
        var book = LaneBook()
        _ = book.follow(3, hasOrder: true)
        for delivery: Int64 in [10, 11, 12] { book.add(head: delivery, ofEndpoint: 3) }
        #expect(book.endpointsToLookAt == [3])
        book.looked(3, 1, isFull: true)
        #expect(book.endpointsToLookAt.isEmpty && book.waits(3) && book.heads(of: 3) == [11, 12])
        book.hasRoom(3)
        #expect(book.endpointsToLookAt == [3])
        // The window is full: all of them are looked at again.
        book.looked(3, 0, isFull: false)
        #expect(book.endpointsToLookAt == [3])
        book.looked(3, 2, isFull: false)
        #expect(book.endpointsToLookAt.isEmpty && !book.waits(3))
        book.hasRoom(3)
        #expect(book.endpointsToLookAt.isEmpty)
    }

    @Test func anEndpointWithoutAnOrderIsForgotten() {
        var book = LaneBook()
        let neverHadOne = book.follow(3, hasOrder: false)
        #expect(!neverHadOne)
        _ = book.follow(3, hasOrder: true)
        book.add(head: 10, ofEndpoint: 3)
        book.startOver()
        #expect(!book.waits(3))
        book.add(head: 10, ofEndpoint: 3)
        let hadOne = book.follow(3, hasOrder: false)
        #expect(hadOne)
        #expect(book.isIdle)
    }
}
