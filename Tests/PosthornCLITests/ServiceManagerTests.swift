import Glibc
import PosthornTestSupport
import Testing

/// What a service manager hears of `posthorn run`, by sd_notify(3).
@Suite(.limited()) struct ServiceManagerTests {
    /// A datagram socket as systemd's.
    private final class NotifySocket {
        let path: String
        private let descriptor: Int32

        init(_ path: String) throws {
            self.path = path
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            var place = sockaddr_un()
            place.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &place.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
            let status = withUnsafePointer(to: &place) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(status == 0)
        }

        deinit { close(descriptor) }

        /// The next datagram; `nil` when none comes.
        func next() -> String? {
            var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, 300_000) == 1 else { return nil }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
        }
    }

    private func start(_ posthorn: PosthornProcess, _ environment: [String: String]) throws -> PosthornProcess.Running {
        let files = ["stdin", "run-stdout", "run-stderr"].map { posthorn.write("", to: $0) }
        return try posthorn.start(["run"], files, environment: environment)
    }

    @Test func theManagerHearsThatItIsReadyAliveAndStopping() throws {
        let posthorn = try PosthornProcess()
        #expect(try posthorn.run("apply", posthorn.write(#"{"nodes": []}"#, to: "topology.json")).status == 0)
        let manager = try NotifySocket(posthorn.directory.file("notify"))
        let engine = try start(posthorn, ["NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "200000"])
        var heard: [String] = []
        while !(heard.contains("READY=1\nSTATUS=delivering") && heard.count(where: { $0 == "WATCHDOG=1" }) >= 3) {
            heard.append(try #require(manager.next()))
        }
        engine.send(SIGTERM)
        while try #require(manager.next()) != "STOPPING=1\nSTATUS=draining" {}
        #expect(engine.wait() == 0)
    }

    @Test func standbyIsReadyAndAlive() throws {
        let posthorn = try PosthornProcess()
        #expect(try posthorn.run("apply", posthorn.write(#"{"nodes": []}"#, to: "topology.json")).status == 0)
        let (first, log) = try posthorn.startLogging("run", "--log", "json")
        #expect(log.wait(for: #""event":"started""#))
        let manager = try NotifySocket(posthorn.directory.file("notify"))
        let second = try start(posthorn, ["NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "200000"])
        var heard: [String] = []
        while !(heard.contains("READY=1\nSTATUS=standing by") && heard.count(where: { $0 == "WATCHDOG=1" }) >= 3) {
            heard.append(try #require(manager.next()))
        }
        first.send(SIGTERM)
        #expect(first.wait() == 0)
        while try #require(manager.next()) != "READY=1\nSTATUS=delivering" {}
        second.send(SIGTERM)
        #expect(second.wait() == 0)
    }

    @Test func aWatchdogOfAnotherProcessIsNotOurs() throws {
        let posthorn = try PosthornProcess()
        #expect(try posthorn.run("apply", posthorn.write(#"{"nodes": []}"#, to: "topology.json")).status == 0)
        let manager = try NotifySocket(posthorn.directory.file("notify"))
        let engine = try start(posthorn, ["NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"])
        #expect(manager.next() == "READY=1\nSTATUS=delivering")
        engine.send(SIGTERM)
        #expect(manager.next() == "STOPPING=1\nSTATUS=draining")
        #expect(engine.wait() == 0)
    }
}
