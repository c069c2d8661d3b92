import CPosthornTestSockets
import Glibc
import PosthornHTTP
import PosthornTestSupport
import Testing

@Suite(.limited()) struct UnixSocketTests {
    /// A folder of the test's own.
    private let folder: String = {
        var template = Array("/tmp/posthorn-http-XXXXXX".utf8CString)
        return mkdtemp(&template).map { String(cString: $0) } ?? ""
    }()

    private func server(_ path: String, mode: UInt32 = 0o600) throws -> HTTPServer {
        try HTTPServer(configuration: HTTPServerConfiguration(address: .unix(path: path, mode: mode))) { request in
            .text("from [\(request.remoteAddress)]")
        }
    }

    private func mode(of path: String) -> UInt32? {
        var facts = stat()
        return stat(path, &facts) == 0 ? facts.st_mode & 0o777 : nil
    }

    @Test(arguments: [0o600, 0o660, 0o666] as [UInt32]) func aSocketServesAndHasTheModeThatWasAskedFor(_ wanted: UInt32) throws {
        defer { rmdir(folder) }
        let path = "\(folder)/socket"
        let server = try server(path, mode: wanted)
        #expect(mode(of: path) == wanted)
        let client = try TestClient(path: path)
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(client.readAnswer().hasSuffix("from []"))
        server.stop()
        #expect(mode(of: path) == nil, "the file is left")
    }

    @Test func staleSocketIsReplacedAndALiveOneIsNot() throws {
        defer { rmdir(folder) }
        let path = "\(folder)/socket"
        let first = try server(path)
        let problem = #expect(throws: HTTPServerProblem.self) { _ = try server(path) }
        #expect(problem?.code == .portInUse)
        #expect(problem?.description.contains("unix:\(path): another program listens there") == true)
        // A second name keeps the socket's file when its server deletes its own: nobody listens behind it any more.
        #expect(link(path, "\(path).old") == 0)
        first.stop()
        let second = try server("\(path).old")
        let client = try TestClient(path: "\(path).old")
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(client.readAnswer().hasPrefix("HTTP/1.1 200 "))
        second.stop()
    }

    @Test func aFileThatIsNoSocketIsLeftAlone() throws {
        let path = "\(folder)/notes"
        defer {
            unlink(path)
            rmdir(folder)
        }
        close(creat(path, 0o600))
        #expect(throws: HTTPServerProblem.self) { _ = try server(path) }
        #expect(mode(of: path) == 0o600)
    }

    @Test func pathsThatCannotBeAreSaidInOneLine() {
        defer { rmdir(folder) }
        func code(_ path: String) -> HTTPServerProblem.Code? {
            do {
                _ = try server(path)
                return nil
            } catch {
                return (error as? HTTPServerProblem)?.code
            }
        }
        #expect(code("") == .invalidConfiguration)
        #expect(code("/tmp/" + String(repeating: "a", count: 200)) == .invalidConfiguration)
        #expect(code("\(folder)/none/socket") == .addressNotAvailable)
    }
}
