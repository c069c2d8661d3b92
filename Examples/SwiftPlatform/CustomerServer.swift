import Glibc
import Synchronization

/// Stands for a customer's server: answers every request on a loopback port with 200. One request a connection.
final class CustomerServer: Sendable {
    let port: UInt16
    private let count = Mutex(0)

    /// Requests so far.
    var received: Int { count.withLock { $0 } }

    init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) | listen(listener, 16) | getsockname(listener, address, &length)
            }
        }
        guard status == 0 else { throw DatabaseProblem(text: "listen: \(String(cString: strerror(errno)))") }
        port = UInt16(bigEndian: address.sin_port)
        let context = Unmanaged.passRetained(Work(server: self, listener: listener))
        var thread = pthread_t()
        pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            },
            context.toOpaque()
        )
        pthread_detach(thread)
    }

    private final class Work {
        let server: CustomerServer
        let listener: Int32

        init(server: CustomerServer, listener: Int32) {
            self.server = server
            self.listener = listener
        }

        func run() {
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                readRequest(connection)
                server.count.withLock { $0 += 1 }
                let answer = Array("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".utf8)
                _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
                close(connection)
            }
        }

        /// Reads to the end of the body: what the content-length after the header says.
        private func readRequest(_ connection: Int32) {
            var request = ""
            var buffer = [UInt8](repeating: 0, count: 4096)
            while case let count = recv(connection, &buffer, buffer.count, 0), count > 0 {
                request += String(decoding: buffer[..<count], as: UTF8.self)
                let parts = request.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2 else { continue }
                let length = parts[0].split(separator: "\r\n").lazy.map { $0.lowercased() }
                    .first { $0.hasPrefix("content-length:") }.flatMap { Int($0.split(separator: " ").last ?? "") }
                if parts[1].utf8.count >= length ?? 0 { return }
            }
        }
    }
}
