import Glibc
import PosthornBenchReports

/// A client that keeps one connection to an HTTP server of this machine and waits for each answer.
final class KeptConnection {
    private let socket: Int32
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    init(port: Int) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(clamping: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isConnected = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, length) == 0 }
        }
        guard socket >= 0, isConnected else { throw BenchProblem("the server takes no connection: \(String(cString: strerror(errno)))") }
        var one: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(socket) }

    /// The bytes of a request with a body of JSON, or without one.
    static func request(_ method: String, _ path: String, body: [UInt8]? = nil) -> [UInt8] {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
        if let body { head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n" }
        return Array((head + "\r\n").utf8) + (body ?? [])
    }

    /// Sends bytes and goes on.
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count <= 0 { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Sends a request and reads its answer.
    /// - Returns: The answer's bytes.
    @discardableResult
    func ask(_ request: [UInt8], expecting wanted: Int) throws -> [UInt8] {
        let (status, answer) = try exchange(request)
        guard status == wanted else { throw BenchProblem("answered \(status): \(String(decoding: answer.suffix(300), as: UTF8.self))") }
        return answer
    }

    /// The same, and where the server says that too much waits, again after the time that it names.
    /// - Returns: How often it said so.
    func askPatiently(_ request: [UInt8], expecting wanted: Int) throws -> Int {
        var refusals = 0
        while true {
            let (status, answer) = try exchange(request)
            if status == wanted { return refusals }
            guard status == 429, let end = Self.headEnd(of: answer),
                let seconds = Self.number("retry-after: ", in: answer[..<end])
            else {
                throw BenchProblem("answered \(status): \(String(decoding: answer.suffix(300), as: UTF8.self))")
            }
            refusals += 1
            sleep(UInt32(clamping: seconds))
        }
    }

    private func exchange(_ request: [UInt8]) throws -> (status: Int, answer: [UInt8]) {
        guard send(request) else { throw BenchProblem("the server has closed the connection") }
        var answer: [UInt8] = []
        var length: Int?
        while answer.count < length ?? .max {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else { throw BenchProblem("the server has closed the connection in an answer") }
            answer += buffer[..<count]
            if length == nil { length = Self.length(of: answer) }
        }
        return (Int(String(decoding: answer.dropFirst(9).prefix(3), as: UTF8.self)) ?? 0, answer)
    }

    /// Head and body of an answer, once the head is there.
    private static func length(of bytes: [UInt8]) -> Int? {
        guard let end = headEnd(of: bytes) else { return nil }
        return end + (number("content-length: ", in: bytes[..<end]) ?? 0)
    }

    /// Where the body begins. By hand: a search by the standard library costs more than the server's whole work.
    private static func headEnd(of bytes: [UInt8]) -> Int? {
        var i = 3
        while i < bytes.count {
            if bytes[i] == 10, bytes[i - 1] == 13, bytes[i - 2] == 10, bytes[i - 3] == 13 { return i + 1 }
            i += 1
        }
        return nil
    }

    /// A number in the head of an answer.
    /// - Parameter field: The field's name in lower case, with what separates it from its value.
    private static func number(_ field: StaticString, in head: ArraySlice<UInt8>) -> Int? {
        let (name, length) = (field.utf8Start, field.utf8CodeUnitCount)
        var start = head.startIndex
        while start < head.endIndex {
            let lineEnd = head[start...].firstIndex(of: 10) ?? head.endIndex
            if lineEnd - start > length, (0..<length).allSatisfy({ head[start + $0] | 0x20 == name[$0] | 0x20 }) {
                return head[(start + length)..<lineEnd].prefix { (48...57).contains($0) }.reduce(0) { $0 * 10 + Int($1 - 48) }
            }
            start = lineEnd + 1
        }
        return nil
    }
}
