import PosthornText
import PosthornModel
import Testing

@Suite struct MaskedURLTests {
    @Test(arguments: [
        ("https://a.example/x", "https://a.example/x", "https://a.example/x"),
        ("https://a.example/x?k=v#f", "https://a.example/x?k=***", "https://a.example/x?…"),
        ("https://a.example/x?token&a=&b=c=d", "https://a.example/x?***&a=&b=***", "https://a.example/x?…"),
        ("https://a.example/?", "https://a.example/?", "https://a.example/?…"),
        ("https://u:p@a.example/@x", "https://a.example/@x", "https://a.example/@x"),
        ("https://u@b@a.example", "https://a.example", "https://a.example"), ("x", "x", "x"),
        // A fragment is never sent, and where there is one the query has ended.
        ("https://a.example/#?k=v", "https://a.example/", "https://a.example/"),
        // In these the delimiter and the accent behind it are one character of Swift's.
        ("https://a.example/x?\u{301}token=hunter2", "https://a.example/x?\u{301}token=***", "https://a.example/x?…"),
        ("https://a.example/x?a=\u{301}hunter2&\u{301}b=hunter2", "https://a.example/x?a=***&\u{301}b=***", "https://a.example/x?…"),
        ("https://u:hunter2@\u{301}a.example/", "https://\u{301}a.example/", "https://\u{301}a.example/"),
        ("https://a.example/x#\u{301}hunter2", "https://a.example/x", "https://a.example/x"),
        // No valid URLs: whatever may be user info goes.
        ("u:hunter2@a.example/", "a.example/", "a.example/"), ("https:///u:hunter2@a.example/", "https://a.example/", "https://a.example/"),
        ("u:hunter2@a.example://b", "a.example://b", "a.example://b"),
        ("https://a\\u:hunter2@b.example/", "https://b.example/", "https://b.example/"),
    ])
    func secretPartsOfAURLAreMasked(_ url: String, _ masked: String, _ short: String) {
        #expect(MaskedURL.text(url).utf8.elementsEqual(masked.utf8), "\(MaskedURL.text(url))")
        #expect(MaskedURL.withoutQuery(url).utf8.elementsEqual(short.utf8), "\(MaskedURL.withoutQuery(url))")
    }

    @Test(arguments: [
        "https://a.example/x", "https://a.example/x?k=v", "https://a.example/x?k=1&k=2&token&k=3", "https://a.example/?a=&\u{301}=b",
    ])
    func aMaskedURLIsRestored(_ url: String) { #expect(MaskedURL.restored(MaskedURL.text(url), from: url) == url) }

    @Test func aMaskedURLThatWasEditedTakesValuesByTheirNames() {
        let stored = "https://a.example/x?token=1&user=2"
        let edited = MaskedURL.restored("https://b.example/y?new=3&user=***&token=***", from: stored)
        #expect(edited == "https://b.example/y?new=3&user=2&token=1")
        #expect(MaskedURL.restored("https://a.example/x?key=***", from: stored) == nil)
        #expect(MaskedURL.restored("https://a.example/x?user=***&user=***", from: stored) == nil)
        #expect(MaskedURL.isMasked("https://a.example/?a=***") && !MaskedURL.isMasked("https://a.example/***?a=b"))
    }
}

@Suite struct OneLineTests {
    /// Wherever text from outside is shown, the same characters are escaped.
    @Test(
        arguments: [
            0x00, 0x1B, 0x7F, 0x9B, 0xAD, 0x034F, 0x061C, 0x115F, 0x180E, 0x200B, 0x200E, 0x2028, 0x202E, 0x2060, 0x2066, 0x3164, 0xFEFF,
            0xFFA0,
            0xFFF9, 0x1D173, 0xE0041,
        ] as [UInt32]
    )
    func hiddenCharactersAreEscaped(_ value: UInt32) throws {
        let scalar = try #require(Unicode.Scalar(value))
        let escaped = "a\\u{\(String(value, radix: 16))}b"
        #expect(OneLine.text("a\(Character(scalar))b", limit: 80) == escaped)
        #expect(InputProblem.printable("a\(Character(scalar))b") == escaped)
    }

    @Test func maskedURLKeepsUnmaskedParts() {
        let text = "Zürich, 東京, नमस्ते, e\u{301}, 👍🏽, ❤\u{FE0F}"
        #expect(OneLine.text(text, limit: 80) == text)
    }
}
