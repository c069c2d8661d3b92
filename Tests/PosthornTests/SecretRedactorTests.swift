import PosthornModel
import PosthornText
import PosthornFormats
import Testing

@testable import Posthorn

/// What a receiver echoes loses its secrets before it is stored.
@Suite struct SecretRedactorTests {
    private func redactor(_ credentials: [String: String], keeping earlier: SecretRedactor? = nil) throws -> SecretRedactor {
        let settings = endpoint("v", .voiso, url: "https://v.example/", credentials)
        return try #require(SecretRedactor(settings, try? EndpointComposer(settings, now: Timestamp(milliseconds: 0)), keeping: earlier))
    }

    @Test func everySecretIsReplacedWhereverItStands() throws {
        let redactor = try redactor(["key": "fiv39qu4", "authorization_token": "tok-7777", "authorization_prefix": "Bearer"])
        #expect(redactor.redacted("fiv39qu4 x fiv39qu4fiv39qu4 Bearer tok-7777, tok-7777.") == "*** x ****** ***, ***.")
        #expect(redactor.redacted("nothing of it") == "nothing of it")
        #expect(redactor.redacted("") == "")
    }

    @Test func secretsAreFoundInTheirJSONForms() throws {
        let redactor = try redactor(["key": #"a"b/c\d"#])
        #expect(redactor.redacted(#"{"key":"a\"b/c\\d"}"#) == #"{"key":"***"}"#)
        #expect(redactor.redacted(#"{"key":"a\"b\/c\\d"}"#) == #"{"key":"***"}"#)
        #expect(redactor.redacted(#"a"b/c\d"#) == "***")
    }

    @Test func secretsAreFoundAsURLsFormsHTMLAndHexadecimalDigitsWriteThem() throws {
        let redactor = try redactor(["key": #"p&s s/"ö+x"#])
        #expect(redactor.redacted("a=p%26s%20s%2F%22%C3%B6%2Bx&b") == "a=***&b")
        #expect(redactor.redacted("a=p%26s%20s%2f%22%c3%b6%2bx&b") == "a=***&b")
        #expect(redactor.redacted("a=p%26s+s%2F%22%C3%B6%2Bx&b") == "a=***&b")
        #expect(redactor.redacted("<p>p&amp;s s/&quot;ö+x</p>") == "<p>***</p>")
        #expect(redactor.redacted("0x7026732073 2f 70267320732f22c3b62b78!") == "0x7026732073 2f ***!")
    }

    @Test(arguments: ["", "x", "xy", "xyz"])
    func secretsAreFoundInsideOfBase64WhateverStandsBeforeThem(_ before: String) throws {
        let secret = "k>?k>?0123456789"
        let redactor = try redactor(["key": secret])
        for after in ["", "}", "\"}"] {
            for isURL in [false, true] {
                var text = base64("\(before)\(secret)\(after)")
                if isURL { text = text.replacing("+", with: "-").replacing("/", with: "_") }
                let redacted = redactor.redacted(text)
                #expect(redacted.contains("***"), "\(text)")
                // What is left are the characters at the edges, which tell at most a few bits.
                #expect(redacted.count <= 12, "\(redacted)")
            }
        }
    }

    /// Written out here: the redactor must not be judged by its own encoder.
    private func base64(_ text: String) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let bits = text.utf8.flatMap { byte in (0..<8).map { Int(byte >> (7 - UInt8($0)) & 1) } }
        let groups = stride(from: 0, to: bits.count, by: 6).map { start in
            (0..<6).reduce(0) { $0 * 2 + (start + $1 < bits.count ? bits[start + $1] : 0) }
        }
        return String(groups.map { digits[$0] })
    }

    @Test func aTokenIsFoundWithoutItsScheme() throws {
        var settings = endpoint("w", .weseedo, url: "https://w.example/", [:])
        settings.headers = [
            .init(name: "Authorization", value: "Basic dXNlcjpodW50ZXIyMjI="), .init(name: "x-auth", value: "Token abcdefgh99"),
            .init(name: "x-words", value: "three plain words"),
        ]
        let redactor = try #require(SecretRedactor(settings, nil))
        #expect(redactor.redacted("got abcdefgh99 and hunter222 of user:hunter222") == "got *** and *** of ***")
        #expect(redactor.redacted("dXNlcjpodW50ZXIyMjI=") == "***")
        #expect(redactor.redacted("plain words") == "plain words")
    }

    @Test func aSecretThatTheExcerptCutsOffIsReplacedToo() throws {
        let redactor = try redactor(["key": "0123456789"])
        #expect(redactor.redacted(Array("x 012345".utf8), isCut: true) == Array("x ***".utf8))
        #expect(redactor.redacted(Array("x 012345".utf8), isCut: false) == Array("x 012345".utf8))
        #expect(redactor.redacted(Array("x 012".utf8), isCut: true) == Array("x 012".utf8))
        #expect(redactor.redacted(Array("0123".utf8), isCut: true) == Array("***".utf8))
        #expect(redactor.redacted(Array("x 0123401234".utf8), isCut: true) == Array("x 01234***".utf8))
    }

    @Test func aSecretOfAsterisksEnds() throws {
        #expect(try redactor(["key": "*"]).redacted("a*b") == "a***b")
        #expect(try redactor(["key": "**"]).redacted("***") == "****")
    }

    /// Secrets that a first release accepted may be as short as one letter, which is in every word.
    @Test func aShortSecretIsMaskedWhereItIsAWordAlone() throws {
        let redactor = try redactor(["key": "a", "authorization_token": "json", "authorization_prefix": ""])
        #expect(redactor.redacted("application/json-a") == "application/***-***")
        #expect(redactor.redacted(#"{"key":"a","b":"bad","c":"jsonp"}"#) == #"{"key":"***","b":"bad","c":"jsonp"}"#)
        #expect(redactor.redacted("aa \u{E4}a a") == "aa \u{E4}a ***")
    }

    @Test func replacedSecretsAreStillRedacted() throws {
        let first = try redactor(["key": "former"])
        #expect(try redactor(["key": "newest"], keeping: first).redacted("former newest") == "*** ***")
    }

    @Test func fixedHeadersCountWhenTheyAreLong() throws {
        var settings = endpoint("w", .weseedo, url: "https://w.example/", [:])
        #expect(SecretRedactor(settings, nil) == nil)
        settings.headers = [.init(name: "x-flag", value: "true"), .init(name: "x-api-key", value: "long-enough-value")]
        #expect(SecretRedactor(settings, nil)?.redacted("true long-enough-value") == "true ***")
    }
}
