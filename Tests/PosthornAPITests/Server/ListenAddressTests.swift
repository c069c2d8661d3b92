import PosthornHTTP
import PosthornModel
import Testing

@testable import PosthornAPI

@Suite struct ListenAddressTests {
    @Test(arguments: [
        ("127.0.0.1:8080", "127.0.0.1", 8080, true), ("localhost:0", "localhost", 0, true), ("[::1]:80", "::1", 80, true),
        ("0.0.0.0:80", "0.0.0.0", 80, false), ("[::]:80", "::", 80, false), ("api.example:443", "api.example", 443, false),
        ("127.0.0.1.example:80", "127.0.0.1.example", 80, false),
    ])
    func addressesAreRead(_ text: String, _ host: String, _ port: Int, _ isLoopback: Bool) throws {
        let listen = try ListenAddress(text)
        #expect(listen.address == .tcp(host: host, port: port) && listen.isLoopback == isLoopback && !listen.isUnixSocket)
    }

    @Test func aUnixSocketIsReadAndOpenToItsGroupAtMost() throws {
        let listen = try ListenAddress("unix:/run/posthorn.sock")
        #expect(listen.address == .unix(path: "/run/posthorn.sock", mode: 0o660) && listen.isUnixSocket && !listen.isLoopback)
    }

    @Test(arguments: ["", "8080", ":8080", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:65536", "unix:"])
    func nonsenseIsRefused(_ text: String) {
        #expect(throws: InputProblem.self) { try ListenAddress(text) }
    }
}
