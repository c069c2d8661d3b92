import PosthornModel
@testable import PosthornSending
import Testing

@Suite struct EndpointURLTests {
    @Test(arguments: [
        ("https://Example.COM", "https://example.com/"), ("HTTPS://example.com:443/a?b=c#d", "https://example.com/a?b=c"),
        ("http://127.1/x", "http://127.0.0.1/x"), ("http://0x7f000001", "http://127.0.0.1/"), ("http://2130706433/", "http://127.0.0.1/"),
        ("http://0177.0.0.1/", "http://127.0.0.1/"), ("http://%31%32%37.0.0.1/", "http://127.0.0.1/"),
        ("https://[2001:DB8::1]:8443/h", "https://[2001:db8::1]:8443/h"), ("https://example.com/é", "https://example.com/%C3%A9"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
    ])
    func urlsAreMadeCanonical(_ text: String, _ canonical: String) throws {
        #expect(try EndpointURL(text).text.lowercased() == canonical.lowercased())
    }

    @Test(arguments: [
        "", "example.com", "/path", "file:///etc/passwd", "gopher://x/", "dict://x/", "ftp://x/", "javascript://x/", "ws://x/",
        "https://user@example.com/", "https://user:pw@example.com/", "https://a\\@b/", "https://a/\\b", "https://example.com:0/",
        "https://example.com:99999/", "https://[fe80::1%25eth0]/", "https://exa mple.com/", "https://example.com/a b",
        "https://example.com/\r\nX: y", "https://example.com/\0", "https://bücher.example/", "http://１２７.0.0.1/", "https:///x",
        "https://", "https://exa%00mple.com/", "https://a%0d%0ab/", "https://%5B::1%5D/", "https://a,b/", "https://256.256.256.256.256:x/",
        "https://ｅxample.com/", "https://example。com/",
    ])
    func everythingDoubtfulIsRefused(_ text: String) {
        #expect(throws: InputProblem.self) { try EndpointURL(text) }
    }

    @Test func aProblemShowsNoSecret() {
        for text in ["https://user:hunter2@example.com/", "https://example.com:0/?token=hunter2", "ftp://x:hunter2@y/"] {
            #expect { try EndpointURL(text) } throws: { !"\($0)".contains("hunter2") }
        }
    }

    @Test func anInternationalHostIsNamedInPunycode() {
        #expect { try EndpointURL("https://bücher.example/") } throws: { "\($0)".contains("xn--bcher-kva.example") }
    }

    /// Known answers from Python's `idna` codec.
    @Test(arguments: [
        ("bücher.example", "xn--bcher-kva.example"), ("München.de", "xn--mnchen-3ya.de"), ("例え.jp", "xn--r8jz45g.jp"),
        ("ελλάδα.gr", "xn--hxakic4aa.gr"), ("plain.example", "plain.example"),
        // Decomposed, as file systems and some keyboards write it, and with other full stops.
        ("bu\u{308}cher.example", "xn--bcher-kva.example"), ("か\u{3099}.jp", "xn--v8j.jp"), ("Vie\u{323}\u{302}t．vn", "xn--vit-5kz.vn"),
        ("\u{1112}\u{1161}\u{11AB}.kr", "xn--6q8b.kr"), ("例え。jp", "xn--r8jz45g.jp"), ("example｡com", "example.com"),
    ])
    func punycodeIsAsOthersMakeIt(_ name: String, _ ascii: String) { #expect(Punycode.hostName(name) == ascii) }

    @Test func veryLongURLsAreRefused() {
        #expect(throws: InputProblem.self) { try EndpointURL("https://example.com/" + String(repeating: "a", count: 3000)) }
    }

    @Test func theLimitHoldsForWhatGoesOutToo() throws {
        #expect(throws: Never.self) { try EndpointURL("https://hooks.example/" + String(repeating: "a", count: 1600)) }
        // Percent-encoding makes six bytes of each.
        let problem = #expect(throws: InputProblem.self) { try EndpointURL("https://hooks.example/" + String(repeating: "é", count: 800)) }
        #expect(problem?.reason.contains("at most 2048") == true)
    }

    @Test func anAddressIsWrittenInOneWay() throws {
        let url = try EndpointURL("https://[Cb08::1]:8/")
        #expect(url.host == "cb08::1")
        #expect(try EndpointURL(url.text) == url)
    }
}
