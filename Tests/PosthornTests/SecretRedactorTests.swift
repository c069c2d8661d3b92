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

    @Test func whatWasReplacedIsStillLookedFor() throws {
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
