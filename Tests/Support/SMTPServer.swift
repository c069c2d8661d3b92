import CPosthornLinux
import Dispatch
import Glibc
public import PosthornSystem
import Synchronization

/// A small SMTP server on the loopback that replies as a test wants it to and keeps the mails it took.
public final class SMTPServer: Sendable {
    /// One mail as it came.
    public struct Mail: Sendable, Hashable {
        /// The argument of `MAIL FROM:`.
        public let from: String
        /// The arguments of `RCPT TO:`.
        public let recipients: [String]
        /// Header and body, with the doubled dots taken off.
        public let text: String
    }

    private struct State {
        var mails: [Mail] = []
        var commands: [String] = []
    }
    private final class Shared: Sendable {
        let state = Mutex(State())
        let isStopping = Atomic(false)
        let arrived = DispatchSemaphore(value: 0)
        let heard = DispatchSemaphore(value: 0)
    }

    private let shared = Shared()
    private let worker: WorkerThread
    /// The port it listens on.
    public let port: UInt16

    /// A reply that is never given: the server waits until its client closes the connection.
    public static let silence = "\0"

    /// Starts the server.
    ///
    /// - Parameter replies: By what a command starts with (`MAIL`, `RCPT`, `DATA`, `EHLO`, `AUTH`), the line to reply with;
    ///   `connect` is the greeting, `.` what follows a mail, and an empty reply closes the connection. The rest is taken well.
    public init(replies: [String: String] = [:]) throws(SystemProblem) {
        let listener = try Listener(host: "127.0.0.1", port: 0)
        port = listener.port
        let shared = shared
        worker = try WorkerThread(name: "smtp") {
            while !shared.isStopping.load(ordering: .acquiring) {
                var set = pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0)
                _ = poll(&set, 1, -1)
                let descriptor = accept(listener.descriptor, nil, nil)
                if descriptor >= 0 { Self.serve(descriptor, replies, shared) }
                // Programs that other tests start must not inherit it.
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            }
            close(listener.descriptor)
        }
    }

    deinit {
        shared.isStopping.store(true, ordering: .releasing)
        Self.poke(port)
        worker.join()
    }

    /// The mails it has taken.
    public var mails: [Mail] { shared.state.withLock { $0.mails } }
    /// Waits until it has taken so many mails; `false` after `seconds`, which only a test that fails sees.
    @discardableResult
    public func waitForMails(_ count: Int, seconds: Int = 30) -> Bool {
        let end = DispatchTime.now() + .seconds(seconds)
        while mails.count < count { if shared.arrived.wait(timeout: end) == .timedOut { return mails.count >= count } }
        return true
    }
    /// Waits until it has read a command; `false` after `seconds`, which only a test that fails sees.
    public func waitForCommand(_ verb: String, seconds: Int = 30) -> Bool {
        let end = DispatchTime.now() + .seconds(seconds)
        while !commands.contains(where: { $0.hasPrefix(verb) }) { if shared.heard.wait(timeout: end) == .timedOut { return false } }
        return true
    }
    /// The commands it has read, as they came.
    public var commands: [String] { shared.state.withLock { $0.commands } }

    private static func serve(_ descriptor: Int32, _ replies: [String: String], _ shared: Shared) {
        var session = Session(descriptor)
        defer { close(descriptor) }
        func answer(_ key: String, _ usual: String) -> Bool {
            let text = replies[key] ?? usual
            if text == Self.silence {
                session.waitForEnd()
                return false
            }
            return !text.isEmpty && session.write(text)
        }
        guard answer("connect", "220 test ESMTP") else { return }
        var from = ""
        var recipients: [String] = []
        while !shared.isStopping.load(ordering: .acquiring), let line = session.line() {
            shared.state.withLock { $0.commands.append(line) }
            shared.heard.signal()
            let verb = String(line.prefix(4)).uppercased()
            var isGood = true
            switch verb {
            case "EHLO": isGood = answer(verb, "250-test\r\n250 8BITMIME")
            case "MAIL":
                from = String(line.dropFirst(10))
                isGood = answer(verb, "250 ok")
            case "RCPT":
                recipients.append(String(line.dropFirst(8)))
                isGood = answer(verb, "250 ok")
            case "DATA":
                isGood = answer(verb, "354 go on")
                guard isGood, !(replies[verb]?.hasPrefix("4") ?? false), !(replies[verb]?.hasPrefix("5") ?? false) else { break }
                guard let text = session.mail() else { return }
                let mail = Mail(from: from, recipients: recipients, text: text)
                shared.state.withLock { $0.mails.append(mail) }
                shared.arrived.signal()
                isGood = answer(".", "250 taken")
            case "QUIT":
                _ = answer(verb, "221 bye")
                isGood = false
            default: isGood = answer(verb, "250 ok")
            }
            if !isGood { return }
        }
    }

    /// Connects once, so that the thread looks up from its wait.
    static func poke(_ port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        withUnsafeBytes(of: &address) { bytes in
            _ = connect(descriptor, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
        close(descriptor)
    }

    /// One connection, read line by line.
    private struct Session {
        private let descriptor: Int32
        private var buffer: [UInt8] = []

        init(_ descriptor: Int32) { self.descriptor = descriptor }

        func write(_ text: String) -> Bool {
            let bytes = Array((text + "\r\n").utf8)
            return send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
        }

        func waitForEnd() {
            var rest = [UInt8](repeating: 0, count: 4096)
            while recv(descriptor, &rest, rest.count, 0) > 0 {}
        }

        mutating func line() -> String? {
            while true {
                if let end = buffer.firstRange(of: [13, 10]) {
                    let line = String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
                    buffer.removeFirst(end.upperBound)
                    return line
                }
                var more = [UInt8](repeating: 0, count: 4096)
                let count = recv(descriptor, &more, more.count, 0)
                if count <= 0 { return nil }
                buffer += more[..<count]
            }
        }

        mutating func mail() -> String? {
            var lines: [String] = []
            while let line = line() {
                if line == "." { return lines.joined(separator: "\n") }
                lines.append(line.hasPrefix(".") ? String(line.dropFirst()) : line)
            }
            return nil
        }
    }
}
