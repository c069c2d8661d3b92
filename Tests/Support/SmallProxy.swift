import CPosthornLinux
import Glibc
public import PosthornSystem
import Synchronization

/// A small proxy on the loopback, by HTTP's CONNECT or SOCKS5: whatever host it is asked for, it connects to one port of this machine, so that
/// no test needs names.
public final class SmallProxy: Sendable {
    /// How it is spoken to.
    public enum Kind: Sendable { case http, socks5 }

    /// What it does with who comes.
    public enum Manner: Sendable {
        /// It connects them.
        case works
        /// It answers with this status, or reply of SOCKS5, and connects none.
        case answers(UInt16)
        /// It never answers.
        case silent
        /// It closes the connection at once.
        case closes
    }

    private struct State {
        var manner = Manner.works
        var asked: [String] = []
        var logins: [String] = []
        var peers: [NetworkAddress] = []
        var sockets: Set<Int32> = []
        var threads: [WorkerThread] = []
    }
    private final class Shared: Sendable {
        let state = Mutex(State())
        let isStopping = Atomic(false)
    }

    private let shared = Shared()
    private let worker: WorkerThread
    /// The port it listens on.
    public let port: UInt16

    /// Starts the proxy.
    /// - Parameters:
    ///   - receiver: The port of the loopback that it connects everybody to.
    ///   - login: What it wants: the value of `proxy-authorization`, or `user:password` with SOCKS5; `nil` for nothing.
    ///   - port: The port it listens on; 0 for one that is free.
    public init(_ kind: Kind, to receiver: UInt16, login: String? = nil, port: UInt16 = 0) throws(SystemProblem) {
        let listener = try Listener(host: "127.0.0.1", port: port)
        self.port = listener.port
        let shared = shared
        worker = try WorkerThread(name: "proxy") {
            while !shared.isStopping.load(ordering: .acquiring) {
                var set = pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0)
                _ = poll(&set, 1, -1)
                var address = sockaddr_storage()
                var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
                let descriptor = withUnsafeMutableBytes(of: &address) {
                    accept(listener.descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length)
                }
                if descriptor < 0 { continue }
                let peer = withUnsafeBytes(of: &address) { NetworkAddress($0.baseAddress!.assumingMemoryBound(to: sockaddr.self)) }
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
                shared.state.withLock { state in
                    state.sockets.insert(descriptor)
                    if let peer { state.peers.append(peer) }
                    let thread = try? WorkerThread(name: "proxy") {
                        Self.serve(descriptor, kind, receiver, login, shared)
                        shared.state.withLock { _ = $0.sockets.remove(descriptor) }
                        close(descriptor)
                    }
                    if let thread { state.threads.append(thread) }
                }
            }
            close(listener.descriptor)
        }
    }

    deinit {
        shared.isStopping.store(true, ordering: .releasing)
        if let socket = Self.connect(to: port) { close(socket) }
        worker.join()
        let threads = shared.state.withLock { state in
            for socket in state.sockets { shutdown(socket, Int32(SHUT_RDWR)) }
            return state.threads
        }
        for thread in threads { thread.join() }
    }

    /// What it does from now on.
    public func set(_ manner: Manner) { shared.state.withLock { $0.manner = manner } }

    /// The hosts and ports that it was asked for, in order.
    public var asked: [String] { shared.state.withLock { $0.asked } }

    /// Where its clients came from, in order.
    public var peers: [NetworkAddress] { shared.state.withLock { $0.peers } }

    /// What it was given to log in with, in order.
    public var logins: [String] { shared.state.withLock { $0.logins } }

    private static func serve(_ client: Int32, _ kind: Kind, _ receiver: UInt16, _ login: String?, _ shared: Shared) {
        if case .closes = shared.state.withLock({ $0.manner }) { return }
        guard let host = kind == .http ? readCONNECT(client, login, shared) : readSOCKS(client, login, shared) else { return }
        let manner = shared.state.withLock { state in
            state.asked.append(host)
            return state.manner
        }
        switch manner {
        case .closes: return
        case .silent: _ = read(client, 1)
        case .answers(let code): reply(client, kind, code)
        case .works:
            guard let upstream = connect(to: receiver) else { return reply(client, kind, kind == .http ? 502 : 5) }
            reply(client, kind, kind == .http ? 200 : 0)
            pump(client, upstream, shared)
            close(upstream)
        }
    }

    private static func reply(_ client: Int32, _ kind: Kind, _ code: UInt16) {
        switch kind {
        case .http: write(client, Array("HTTP/1.1 \(code) So\r\nx-proxy: secret-of-the-proxy\r\n\r\n".utf8))
        case .socks5: write(client, [5, UInt8(code), 0, 1, 0, 0, 0, 0, 0, 0])
        }
    }

    private static func readCONNECT(_ client: Int32, _ login: String?, _ shared: Shared) -> String? {
        var head: [UInt8] = []
        while !head.ends(with: "\r\n\r\n") {
            guard let byte = read(client, 1), head.count < 8192 else { return nil }
            head += byte
        }
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count == 3, words[0] == "CONNECT" else { return nil }
        let name = "proxy-authorization: "
        let given = lines.first { $0.lowercased().hasPrefix(name) }.map { String($0.dropFirst(name.count)) }
        if let given { shared.state.withLock { $0.logins.append(given) } }
        if login != nil, given != login {
            reply(client, .http, 407)
            return nil
        }
        return String(words[1])
    }

    private static func readSOCKS(_ client: Int32, _ login: String?, _ shared: Shared) -> String? {
        guard let start = read(client, 2), read(client, Int(start[1])) != nil else { return nil }
        write(client, [5, login == nil ? 0 : 2])
        if let login {
            guard let head = read(client, 2), let user = read(client, Int(head[1])), let length = read(client, 1),
                let password = read(client, Int(length[0]))
            else { return nil }
            let given = String(decoding: user + Array(":".utf8) + password, as: UTF8.self)
            shared.state.withLock { $0.logins.append(given) }
            write(client, [1, given == login ? 0 : 1])
            if given != login { return nil }
        }
        guard let request = read(client, 4) else { return nil }
        let host: String
        switch request[3] {
        case 3:
            guard let length = read(client, 1), let name = read(client, Int(length[0])) else { return nil }
            host = String(decoding: name, as: UTF8.self)
        case 1:
            guard let address = read(client, 4) else { return nil }
            host = address.map { String($0) }.joined(separator: ".")
        default: return nil
        }
        guard let port = read(client, 2) else { return nil }
        return "\(host):\(Int(port[0]) << 8 | Int(port[1]))"
    }

    private static func pump(_ client: Int32, _ upstream: Int32, _ shared: Shared) {
        shared.state.withLock { _ = $0.sockets.insert(upstream) }
        defer { shared.state.withLock { _ = $0.sockets.remove(upstream) } }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            var set = [pollfd(fd: client, events: Int16(POLLIN), revents: 0), pollfd(fd: upstream, events: Int16(POLLIN), revents: 0)]
            _ = poll(&set, 2, -1)
            for (from, to) in [(0, upstream), (1, client)] where set[from].revents != 0 {
                let count = recv(set[from].fd, &buffer, buffer.count, 0)
                if count <= 0 { return }
                write(to, Array(buffer[..<count]))
            }
        }
    }

    private static func read(_ socket: Int32, _ count: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: max(1, count))
        while bytes.count < count {
            let got = recv(socket, &buffer, count - bytes.count, 0)
            if got <= 0 { return nil }
            bytes += buffer[..<got]
        }
        return bytes
    }

    private static func write(_ socket: Int32, _ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { send(socket, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL)) }
            if count <= 0 { return }
            sent += count
        }
    }

    private static func connect(to port: UInt16) -> Int32? {
        let socket = posthorn_socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if socket < 0 { return nil }
        let address = NetworkAddress("127.0.0.1")!
        if address.withSocketAddress(port: port, { Glibc.connect(socket, $0, $1) }) == 0 { return socket }
        close(socket)
        return nil
    }
}

extension [UInt8] {
    fileprivate func ends(with text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}
