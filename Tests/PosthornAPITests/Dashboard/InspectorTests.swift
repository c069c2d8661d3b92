import CPosthornTestSockets
import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornAPI

/// The page of `posthorn receive --ui`, and what it asks.
@Suite(.limited()) struct InspectorTests {
    private static func request(_ number: Int) -> JSONValue { .object([.init("number", .number(String(number)))]) }

    @Test func requestsAreGivenOnceInTheirOrderAndTheOldestGo() {
        var kept = InspectedRequests()
        #expect(kept.after(0).requests.isEmpty && kept.after(7).newest == 0)
        for number in 1...3 { kept.add(Self.request(number)) }
        #expect(kept.after(0).requests == (1...3).map(Self.request) && kept.after(0).newest == 3 && kept.after(0).missed == 0)
        #expect(kept.after(2).requests == [Self.request(3)] && kept.after(3).requests.isEmpty && kept.after(3).newest == 3)
        let many = InspectedRequests.limit * 5 / 2
        for number in 4...many { kept.add(Self.request(number)) }
        var seen: [JSONValue] = []
        var next = 3
        var missed = 0
        repeat {
            let part = kept.after(next)
            if part.requests.isEmpty { break }
            #expect(part.requests.count <= InspectedRequests.partLimit)
            seen += part.requests
            missed += part.missed
            next = part.newest
        } while true
        #expect(seen == ((many - InspectedRequests.limit + 1)...many).map(Self.request))
        #expect(missed == many - InspectedRequests.limit - 3)
    }

    private func ask(_ server: InspectorServer, _ target: String, host: String = "localhost", method: String = "GET") throws -> String {
        let client = try TestClient(port: server.port)
        client.send("\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
        return client.readToEnd()
    }

    @Test func onlyThisMachineIsShownWhatArrives() throws {
        for place in ["0.0.0.0:0", "192.0.2.1:0", "[::]:0"] {
            #expect(throws: InputProblem.self, "\(place)") { try InspectorServer(listen: try ListenAddress(place)) }
        }
        let server = try InspectorServer(listen: try ListenAddress("127.0.0.1:0"))
        defer { server.stop() }
        server.show("http://127.0.0.1:9999/")
        server.add(Self.request(1))
        #expect(
            try ask(server, "/requests?after=0").hasSuffix(
                #"{"receiver":"http://127.0.0.1:9999/","data":[{"number":1}],"newest":1,"missed":0}"#
            )
        )
        #expect(try ask(server, "/requests", host: "evil.example").hasPrefix("HTTP/1.1 421 "))
        #expect(try ask(server, "/", host: "evil.example").hasPrefix("HTTP/1.1 421 "))
        let page = try ask(server, "/")
        #expect(page.hasPrefix("HTTP/1.1 200 ") && page.contains("inspector.js") && page.contains("script-src 'self'"))
        #expect(try ask(server, "/deliveries").hasPrefix("HTTP/1.1 404 "))
        #expect(try ask(server, "/requests", method: "POST").hasPrefix("HTTP/1.1 404 "))
    }
}
