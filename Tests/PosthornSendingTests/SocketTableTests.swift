import PosthornSystem
import PosthornText
@testable import PosthornSending
import PosthornTestSupport
import Testing

@Suite(.limited()) struct SocketTableTests {
    @Test func socketsAreFoundByTheirLocalPort() {
        var book = SocketTable(epoll: -1)
        book.opened(7)
        #expect(book.find(localPort: 4000, address: "") == nil)
        book.connected(7, localPort: 4000, address: "192.0.2.1:80", peer: NetworkAddress(ipv4: 1))
        #expect(book.find(localPort: 4000, address: "")?.socket == 7)
        book.closed(7)
        #expect(book.find(localPort: 4000, address: "") == nil)
        #expect(book.openedCount == 1)
    }

    @Test(arguments: [[5, 6, 7], [7, 6, 5], [6, 5, 7], [6, 7, 5]])
    func socketsThatShareALocalPortAreToldApartByTheirReceiver(_ order: [Int32]) {
        var book = SocketTable(epoll: -1)
        for socket: Int32 in 5...7 {
            book.opened(socket)
            book.connected(socket, localPort: 4000, address: "192.0.2.\(socket):80", peer: NetworkAddress(ipv4: 1))
        }
        var open: Set<Int32> = [5, 6, 7]
        for closing in order {
            for socket: Int32 in 5...7 {
                let found = book.find(localPort: 4000, address: "192.0.2.\(socket):80")?.socket
                if open.contains(socket) { #expect(found == socket) } else if open.count > 1 { #expect(found == nil) }
            }
            book.closed(closing)
            open.remove(closing)
        }
        #expect(book.find(localPort: 4000, address: "192.0.2.5:80") == nil)
    }

    @Test func aSocketThatNeverConnectedLeavesNoTrace() {
        var book = SocketTable(epoll: -1)
        book.opened(5)
        book.closed(5)
        book.closed(99)
        #expect(book.find(localPort: 0, address: "") == nil)
    }
}
