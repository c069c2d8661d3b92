import PosthornText
import PosthornBenchReports
import Testing

@Suite struct ReceiverTests {
    @Test func oneHostIsTheUsualAddressAndManyHaveOneEach() {
        #expect(LoopbackHosts(count: 1).address(7) == "127.0.0.1")
        let hosts = LoopbackHosts(count: 5000)
        let addresses = (0..<5000).map(hosts.address)
        #expect(Set(addresses).count == 5000)
        #expect(addresses[0] == "127.0.1.1")
        #expect(addresses[253] == "127.0.1.254")
        #expect(addresses[254] == "127.0.2.1")
        #expect(hosts.address(5000) == addresses[0])
        #expect(addresses.allSatisfy { !$0.hasSuffix(".0") && !$0.hasSuffix(".255") })
    }

    @Test func theLastOfAllHostsIsBelowThoseOfOtherUses() {
        let hosts = LoopbackHosts(count: LoopbackHosts.limit)
        #expect(hosts.address(LoopbackHosts.limit - 1) == "127.0.199.254")
    }

    @Test func groupsHoldEveryHostOnce() {
        let groups = LoopbackHosts(count: 120).groups(of: 50)
        #expect(groups.map(\.count) == [50, 50, 20])
        #expect(Set(groups.flatMap(\.self)).count == 120)
    }

    @Test func nginxTellsItsConnectionsAndTheirHandshakes() throws {
        let status = "Active connections: 2 \nserver accepts handled requests\n 16 15 31 \nReading: 0 Writing: 1 Waiting: 1 \n"
        let count = try ConnectionCount(status: status, log: ".\nr\n.\nr\nr\n\n")
        #expect(count == ConnectionCount(opened: 16, fullHandshakes: 2, resumedHandshakes: 3))
        let figures = (count - ConnectionCount(opened: 6, fullHandshakes: 1)).figures(hosts: 5, deliveries: 100, isTLS: true)
        #expect(figures.first { $0.name == "connections_opened" }?.value == 10)
        #expect(figures.first { $0.name == "connections_per_host" }?.value == 2)
        #expect(figures.first { $0.name == "connections_per_delivery" }?.value == 0.1)
        #expect(figures.first { $0.name == "handshakes_full" }?.value == 1)
        #expect(figures.first { $0.name == "handshakes_resumed_percent" }?.value == 75)
    }

    @Test func clearTextHasNoHandshakes() {
        let figures = ConnectionCount(opened: 3).figures(hosts: 1, deliveries: 1, isTLS: false)
        #expect(!figures.contains { $0.name.hasPrefix("handshakes") })
    }

    @Test(arguments: ["", "server accepts handled requests", "server accepts handled requests\n none of them\n"])
    func anAnswerWithoutTheCountIsAProblem(_ status: String) {
        #expect(throws: BenchProblem.self) { try ConnectionCount(status: status, log: "") }
    }

    private func configuration(_ certificates: [[String]]?, closes: Bool = false) -> String {
        NginxConfiguration(
            folder: "/folder",
            port: 8443,
            silentPort: 9000,
            silentPath: "/silent",
            certificates: certificates,
            closes: closes
        ).text
    }

    @Test func everyGroupOfAddressesHasItsCertificateAndOneListensOnAll() {
        let text = configuration([["127.0.1.1", "127.0.1.2"], ["127.0.1.3"]])
        #expect(text.contains("listen 8443 ssl backlog=4096;"))
        #expect(text.contains("listen 127.0.1.2:8443 ssl;\n        ssl_certificate /folder/server-0.pem;"))
        #expect(text.contains("listen 127.0.1.3:8443 ssl;\n        ssl_certificate /folder/server-1.pem;"))
        #expect(text.contains("keepalive_timeout 1h;"))
    }

    @Test func clearTextAsksForNoCertificateAndAClosingReceiverKeepsNothing() {
        let text = configuration(nil, closes: true)
        #expect(!text.contains("ssl_certificate"))
        #expect(text.contains("listen 8443 backlog=4096;"))
        #expect(text.contains("keepalive_timeout 0;"))
    }
}
