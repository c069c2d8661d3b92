import PosthornModel
import Testing

/// Addresses that may stand in a mail's header and in an SMTP command.
@Suite struct MailAddressTests {
    @Test(arguments: [
        "", "a", "a@", "@b", "a@b@c", "a b@c", "a@b\r\nRCPT TO:<x@y>", "a\r\n@b", "a@b\0", "<a@b>", "A <a@b>", "a@b,c@d", "ä@b.example",
        "a@bücher.example", "\"a b\"@c", ".a@b", "a..b@c", "a@b..c", "a@b.",
        String(repeating: "a", count: 64) + "@" + String(repeating: "b", count: 190),
    ])
    func addressesThatCouldBreakOutAreRefused(_ text: String) { #expect(throws: InputProblem.self) { try MailAddress(text) } }

    @Test(arguments: ["a@b", "first.last+tag@sub.example.com", "notify_dealer@example.com", "o'neil@x-y.example"])
    func plainAddressesAreTaken(_ text: String) throws { #expect(try MailAddress(text).text == text) }
}
