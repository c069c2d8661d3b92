import CPosthornLinux
import Glibc
import PosthornSystem
import Synchronization

/// The name servers that this machine is configured with.
public enum NameServers {
    private static let last = Mutex<(at: Int64, answers: Bool)?>(nil)
    private static let known = Mutex<String?>(nil)

    /// An answer so old says how it is now.
    private static let rememberedNanoseconds: Int64 = 1_000_000_000
    private static let waitMilliseconds: Int32 = 1000
    private static let limit = 8

    /// Whether any of them answers anything at all. Takes up to a second when none does; several that ask at once are told
    /// the same. `nil` when this process has no descriptor to ask with.
    ///
    /// A server that can resolve neither the root nor a name that it knew before is one without a way to the others, as the stub of
    /// a machine that is offline. Some resolvers never answer for the root, so that alone proves nothing.
    public static func answer() -> Bool? {
        last.withLock { last in
            if let last, MonotonicClock.nanoseconds() - last.at < rememberedNanoseconds { return last.answers }
            guard let answers = ask() else { return nil }
            last = (MonotonicClock.nanoseconds(), answers)
            return answers
        }
    }

    /// The system has resolved this name, or said that there is none: the servers are asked for it as well from now on. One from the
    /// hosts file does no harm, since servers that answer deny it, and others say nothing.
    static func resolved(_ host: String) { known.withLock { $0 = host } }

    private static let (nameServerType, addressType): (UInt8, UInt8) = (2, 1)
    /// The two bytes that mark a question and its answer.
    private static let mark: [UInt8] = [0x70, 0x68]

    /// A question in its own form: a header with one question and the wish for recursion, the name, its type, class IN (RFC 1035, 4.1).
    /// - Parameter host: The name; that of the root, about which most servers know something, when it is empty.
    /// - Returns: `nil` for what is no name.
    static func question(about host: String) -> [UInt8]? {
        var bytes: [UInt8] = mark + [1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        for label in host.utf8.split(separator: UInt8(ascii: ".")) {
            if label.count > 63 { return nil }
            bytes += [UInt8(label.count)] + label
        }
        return host.utf8.count > 253 ? nil : bytes + [0, 0, host.isEmpty ? nameServerType : addressType, 0, 1]
    }

    private static func ask() -> Bool? {
        var servers = [sockaddr_storage](repeating: sockaddr_storage(), count: limit)
        let count = Int(posthorn_name_servers(&servers, Int32(limit)))
        var sockets: [pollfd] = []
        defer { for socket in sockets { close(socket.fd) } }
        for server in servers.prefix(count) {
            let socket = posthorn_socket(Int32(server.ss_family), Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            if socket < 0 {
                // A kernel without IPv6 reaches no server there.
                if errno == EAFNOSUPPORT { continue }
                return nil
            }
            sockets.append(pollfd(fd: socket, events: Int16(POLLIN), revents: 0))
            let length = socklen_t(Int32(server.ss_family) == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size)
            _ = withUnsafePointer(to: server) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, length) }
            }
        }
        let questions = ["", known.withLock { $0 }].compactMap { $0.flatMap(question) }
        let end = MonotonicClock.nanoseconds() + Int64(waitMilliseconds) * 1_000_000
        // Twice, since a datagram may get lost.
        for share: Int64 in [2, 1] {
            for socket in sockets { for question in questions { send(socket.fd, question, question.count, Int32(MSG_NOSIGNAL)) } }
            let stop = end - Int64(waitMilliseconds) * 1_000_000 / 2 * (share - 1)
            while case let left = (stop - MonotonicClock.nanoseconds()) / 1_000_000, left > 0 {
                guard poll(&sockets, nfds_t(sockets.count), Int32(left)) > 0 else { break }
                for index in sockets.indices where sockets[index].revents != 0 {
                    if isAnswer(sockets[index].fd) { return true }
                    // Refused by the other machine's kernel: nobody is there.
                    if sockets[index].revents & Int16(POLLERR) != 0 { sockets[index].events = 0 }
                }
                if sockets.allSatisfy({ $0.events == 0 }) { break }
            }
        }
        return false
    }

    private static func isAnswer(_ socket: Int32) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 512)
        let length = recv(socket, &bytes, bytes.count, 0)
        return length >= 12 && isAnswer(Array(bytes.prefix(length)))
    }

    /// Whether these bytes answer a question, in whatever way but "server failure".
    static func isAnswer(_ bytes: [UInt8]) -> Bool {
        let (isResponse, serverFailure): (UInt8, UInt8) = (0x80, 2)
        guard bytes.count >= 12, bytes[0...1] == mark[...], bytes[2] & isResponse != 0 else { return false }
        return bytes[3] & 0x0F != serverFailure
    }
}
