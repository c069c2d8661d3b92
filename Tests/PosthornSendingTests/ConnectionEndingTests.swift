import CPosthornLinux
import Glibc
import Testing

@testable import PosthornSending

/// What the kernel says of a connection that has ended under a request.
@Suite struct ConnectionEndingTests {
    /// Two ends of a TCP connection over which a request and its answer have gone.
    private struct Pair {
        let ours: Int32
        let theirs: Int32

        init() throws {
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(listener) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            ours = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            let (ours, wanted) = (ours, length)
            let isConnected = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(listener, $0, wanted) == 0 && listen(listener, 1) == 0 && getsockname(listener, $0, &length) == 0
                        && connect(ours, $0, wanted) == 0
                }
            }
            try #require(isConnected)
            theirs = accept(listener, nil, nil)
            try #require(theirs >= 0)
            Self.send("earlier request", from: ours)
            Self.receive(at: theirs)
            Self.send("answer", from: theirs)
            Self.receive(at: ours)
        }

        static func send(_ text: String, from socket: Int32) {
            _ = text.withCString { Glibc.send(socket, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
        }

        /// Reads what has come; waits for it.
        @discardableResult
        static func receive(at socket: Int32) -> Int {
            var buffer = [UInt8](repeating: 0, count: 4096)
            return recv(socket, &buffer, buffer.count, 0)
        }
    }

    private static let request = "the request"

    private func isBefore(_ pair: Pair, detail: String = "") -> Bool {
        ConnectionEnding(of: pair.ours).isBefore(requestBytes: Self.request.utf8.count, detail: detail)
    }

    @Test func aConnectionThatWasClosedBeforeTheRequestCameHasNotTakenIt() throws {
        let pair = try Pair()
        close(pair.theirs)
        Pair.send(Self.request, from: pair.ours)
        #expect(Pair.receive(at: pair.ours) == 0)
        #expect(isBefore(pair))
        close(pair.ours)
    }

    @Test func aConnectionThatWasClosedWhenTheRequestHadBeenReadMayHaveTakenIt() throws {
        let pair = try Pair()
        Pair.send(Self.request, from: pair.ours)
        Pair.receive(at: pair.theirs)
        close(pair.theirs)
        #expect(Pair.receive(at: pair.ours) == 0)
        #expect(!isBefore(pair))
        close(pair.ours)
    }

    @Test func aResetSaysNothing() throws {
        let pair = try Pair()
        Pair.send(Self.request, from: pair.ours)
        close(pair.theirs)
        #expect(Pair.receive(at: pair.ours) < 0)
        #expect(!isBefore(pair, detail: "Recv failure: \(String(cString: strerror(ECONNRESET)))"))
        close(pair.ours)
    }

    @Test func aConnectionThatIsOpenOrUnknownSaysNothing() throws {
        let pair = try Pair()
        #expect(!isBefore(pair))
        close(pair.ours)
        close(pair.theirs)
        #expect(!ConnectionEnding(of: -1).isBefore(requestBytes: 1, detail: ""))
        #expect(!ConnectionEnding(state: 8, unacknowledgedBytes: 0).isBefore(requestBytes: 0, detail: ""))
    }
}
