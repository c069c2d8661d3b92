import PosthornTestSupport

/// Spellings of addresses inside, as they have been used against servers that call URLs.
enum SSRFCorpus {
    static let hosts = [
        // The loopback as one number, in parts, in other bases, with zeros in front, too large.
        "127.0.0.1", "127.0.1", "127.1", "127.00.00.01", "127.000.000.001", "2130706433", "0x7f000001", "0X7F000001",
        "0x7f.0.0.1", "0x7f.0x0.0x0.0x1", "0x7f.1", "0177.0.0.1", "0177.0.0.01", "00000177.0.0.1", "017700000001", "0177.0x0.1",
        "127.0x1", "0x00000000000000007f000001", "4294967296", "6425673729", "383.0.0.1", "127.0.0.257", "127.127.127.127",
        "127.0.0.1.", "127.1.", "0", "00", "0x0", "0.0.0.0", "0.0.0.0.", "0.0",
        // The same in percent-encoding and in characters that look or decompose alike.
        "%31%32%37%2e%30%2e%30%2e%31", "127%2e0%2e0%2e1", "%6c%6f%63%61%6c%68%6f%73%74", "%30x7f000001", "127.0.0.1%00", "127.0.0.1%0a",
        "127.0.0.1%23.example", "127.0.0.1%2f", "127。0。0。1", "１２７.0.0.1", "①②⑦.⓪.⓪.①", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "ｌocalhost", "loc\u{AD}alhost",
        // Names.
        "localhost", "LOCALHOST", "LocalHost", "localhost.", "localhost.localdomain", "ip6-localhost", "ip6-loopback", "foo.localhost",
        // IPv6, with IPv4 in it in every form, and scopes.
        "[::1]", "[0:0:0:0:0:0:0:1]", "[0000::1]", "[::]", "[::0]", "[::127.0.0.1]", "[::7f00:1]", "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::FFFF:7F00:0001]", "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]",
        "[64:ff9b:1::127.0.0.1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[fe80::1]", "[fe80::1%25lo]", "[::1%25lo]", "[::1%lo]",
        "[fc00::1]", "[fec0::1]", "[ff02::1]", "[::ffff:a9fe:a9fe]", "[fd00:ec2::254]",
        // Metadata services and private networks.
        "169.254.169.254", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "169.254.43518", "100.100.100.200", "168.63.129.16",
        "192.0.0.192", "10.0.0.1", "0xa.1", "012.1", "172.16.0.1", "192.168.0.1", "192.168.1", "3232235521", "255.255.255.255",
        // Two hosts in one, for readers that disagree on which it is.
        "example.com@127.0.0.1", "127.0.0.1@example.com", "example.com:80@127.0.0.1", "127.0.0.1#@example.com",
        "127.0.0.1\\@example.com", "example.com\\@127.0.0.1", "127.0.0.1?@example.com", "127.0.0.1;example.com", "127.0.0.1,example.com",
        "127.0.0.1 example.com", "127.0.0.1\texample.com", "127.0.0.1\n", "127.0.0.1\r\nhost: x", "[127.0.0.1]", "[::1].example.com",
        "[::1",
    ]

    /// URLs with a host at a port, where the port can stand.
    static func urls(_ host: String, port: UInt16) -> [String] {
        ["http", "https", "HTTP", "hTTps"].map { "\($0)://\(host):\(port)/hook" }
            + [
                "http:/\(host):\(port)/", "http:\(host):\(port)/", "http:///\(host):\(port)/", "//\(host):\(port)/",
                "http:\\\\\(host):\(port)/",
            ]
    }

    /// Somebody who listens wherever this machine would be reached, where it has the address.
    static func receivers() throws -> [MisbehavingReceiver] {
        try ["127.0.0.1", "::1"].map { host in
            var options = MisbehavingReceiver.Options()
            options.host = host
            return try MisbehavingReceiver(options) { _ in .ok }
        }
    }
}
