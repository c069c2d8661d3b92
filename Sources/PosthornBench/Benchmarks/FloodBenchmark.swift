import Glibc
import Posthorn
import PosthornAPI
import PosthornBenchReports
import PosthornSystem

/// `posthorn-bench flood`
struct FloodBenchmark: Benchmark {
    static let name = "flood"
    static let summary = "what /healthz and the memory do while thousands of connections idle, dawdle or send what nobody wants"
    static let explanation = """
        Opens the HTTP API with its usual limits and attacks it from many addresses of the loopback: connections that say nothing, heads that
        come byte by byte, bodies that are announced and never end, heads that are too long. After each, /healthz is asked over fresh
        connections while the attack stands, and the memory of the process is read. The attackers are part of the process; what they hold is
        descriptors.
        """
    static let example = "posthorn-bench flood --idle 10000 --slow 1000"
    static var options: [BenchOption<Self>] {
        [
            .count("--idle", "N", "connections that say nothing", \.idle),
            .count("--slow", "N", "connections whose heads come byte by byte", \.slow),
            .count("--bodies", "N", "connections that send a body without an end", \.bodies),
            .count("--heads", "N", "connections that send a head that is too long", \.heads),
            .count("--asks", "N", "times that /healthz is asked", \.asks),
        ]
    }

    var idle = 10_000
    var slow = 1000
    var bodies = 400
    var heads = 1000
    var asks = 100

    /// More than one address may have connections.
    private static let addresses = 16

    func run() throws -> any BenchResult {
        ProcessFile.raiseDescriptorLimit()
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let outbox = try Outbox(path: folder.database)
        defer { outbox.close() }
        let server = try APIServer(outbox, listen: try ListenAddress("127.0.0.1:0"))
        defer { server.stop() }
        let before = try Self.residentMebibytes()
        var figures = try observed("calm", "before", server.port)
        let idlers = attackers(idle, server.port)
        figures += try observed("idle", "\(idlers.count) connections that say nothing", server.port)
        let dawdlers = attackers(slow, server.port)
        for byte in Array("POST /v1/events HTTP/1.1\r\nHost: localhost\r\nX-Pad: ".utf8) { for one in dawdlers { one.push([byte]) } }
        figures += try observed("slow", "and \(dawdlers.count) whose heads come byte by byte", server.port)
        let head = "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 8388608\r\n\r\n["
        let senders = attackers(bodies, server.port)
        let chunk = [UInt8](repeating: 0x20, count: 64 << 10)
        for one in senders { one.push(Array(head.utf8)) }
        // As much as each may hand over; 8 MiB is what it has said.
        for _ in 0..<127 { for one in senders { one.push(chunk) } }
        figures += try observed("bodies", "and \(senders.count) bodies of 8 MiB that never end", server.port)
        let boasters = attackers(heads, server.port)
        let long = Array("GET /v1/nodes HTTP/1.1\r\nHost: localhost\r\nX-Long: \(String(repeating: "a", count: 31 << 10))".utf8)
        for one in boasters { one.push(long) }
        figures += try observed("heads", "and \(boasters.count) heads of 31 KiB that never end", server.port)
        withExtendedLifetime((idlers, dawdlers, senders, boasters)) {}
        let growth = try Self.residentMebibytes() - before
        return FigureList(
            title: "the HTTP API with its usual limits, \(asks) times /healthz over fresh connections under each attack",
            settings: [("idle", idle), ("slow", slow), ("bodies", bodies), ("heads", heads), ("asks", asks)],
            figures: figures + [.init("resident_growth_mib", "MiB resident more than before all of it", growth)]
        )
    }

    private func observed(_ name: String, _ label: String, _ port: Int) throws -> [Figure] {
        var times: [Double] = []
        let request = KeptConnection.request("GET", "/healthz")
        for _ in 0..<asks {
            let start = MonotonicClock.nanoseconds()
            try KeptConnection(port: port).ask(request, expecting: 200)
            times.append(Double(MonotonicClock.nanoseconds() - start) / 1e6)
        }
        return [
            .init("\(name)_healthz_median_ms", "ms /healthz, median, \(label)", Sample(times).median),
            .init("\(name)_healthz_most_ms", "ms /healthz, the slowest", times.max() ?? 0),
            .init("\(name)_resident_mib", "MiB resident", try Self.residentMebibytes()),
        ]
    }

    private static func residentMebibytes() throws -> Double {
        guard let bytes = ProcessFigures.now().residentBytes else { throw BenchProblem("/proc/self/stat cannot be read") }
        return Double(bytes) / 1_048_576
    }

    /// As many connections as the server takes, from several addresses.
    private func attackers(_ count: Int, _ port: Int) -> [Attacker] {
        (0..<count).compactMap { Attacker(from: UInt32($0 % Self.addresses) + 2, port: port) }
    }

    /// A connection whose sending never waits.
    private final class Attacker {
        private let socket: Int32

        init?(from last: UInt32, port: Int) {
            socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            guard socket >= 0 else { return nil }
            let own = Self.address(0x7F00_0000 + last, 0)
            let server = Self.address(0x7F00_0001, port)
            guard Self.call(bind, socket, own), Self.call(connect, socket, server) else {
                close(socket)
                return nil
            }
            _ = fcntl(socket, F_SETFL, O_NONBLOCK)
        }

        deinit { close(socket) }

        /// Hands over what the system takes now.
        func push(_ bytes: [UInt8]) { _ = bytes.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) } }

        private static func address(_ number: UInt32, _ port: Int) -> sockaddr_in {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(clamping: port).bigEndian
            address.sin_addr.s_addr = number.bigEndian
            return address
        }

        private static func call(
            _ function: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32,
            _ socket: Int32,
            _ address: sockaddr_in
        ) -> Bool {
            withUnsafePointer(to: address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    function(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
        }
    }
}
