import PosthornModel
import Testing

@testable import PosthornFormats

@Suite struct SecretBoxTests {
    private struct Vector {
        let key: String
        let nonce: String
        let plaintext: String
        let context: String
        let sealed: String
    }

    /// The GCM specification's AES-256 cases 13, 14 and 16 (McGrew and Viega), and the first of NIST's gcmEncryptExtIV256.rsp.
    private static let vectors = [
        Vector(
            key: String(repeating: "00", count: 32),
            nonce: String(repeating: "00", count: 12),
            plaintext: "",
            context: "",
            sealed: "530f8afbc74536b9a963b4f1c4cb738b"
        ),
        Vector(
            key: String(repeating: "00", count: 32),
            nonce: String(repeating: "00", count: 12),
            plaintext: String(repeating: "00", count: 16),
            context: "",
            sealed: "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
        ),
        Vector(
            key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
            nonce: "cafebabefacedbaddecaf888",
            plaintext: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            context: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            sealed: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"
        ),
        Vector(
            key: "b52c505a37d78eda5dd34f20c22540ea1b58963cf8e5bf8ffa85f9f2492505b4",
            nonce: "516c33929df5a3284ff463d7",
            plaintext: "",
            context: "",
            sealed: "bdc1ac884d332457a1d2664f168c76f0"
        ),
    ]

    private static func bytes(_ hex: String) throws -> [UInt8] { try #require(Hex.decode(hex.utf8)) }

    @Test func agreesWithTheSpecification() throws {
        for vector in Self.vectors {
            let box = try SecretBox(key: SecretBox.key(fromText: vector.key))
            let nonce = try Self.bytes(vector.nonce)
            let context = try Self.bytes(vector.context)
            let plaintext = try Self.bytes(vector.plaintext)
            let sealed = try box.seal(plaintext, context: context, nonce: nonce)
            #expect(Hex.text(sealed) == vector.sealed)
            #expect(try box.open(sealed[...], context: context, nonce: nonce) == plaintext)
        }
    }

    @Test func opensWhatItSealedAndNothingElse() throws {
        let box = try SecretBox(key: SecureRandom.bytes(32))
        let sealed = try box.seal(Array("a secret".utf8), context: "endpoint e1")
        #expect(SecretBox.isSealed(sealed))
        #expect(try box.open(sealed, context: "endpoint e1") == Array("a secret".utf8))
        #expect(throws: InputProblem.self) { try box.open(sealed, context: "endpoint e2") }
        #expect(throws: InputProblem.self) { try SecretBox(key: SecureRandom.bytes(32)).open(sealed, context: "endpoint e1") }
        #expect(throws: InputProblem.self) { try box.open("v2:" + sealed.dropFirst(3), context: "endpoint e1") }
        for i in 3..<sealed.utf8.count {
            var damaged = Array(sealed.utf8)
            damaged[i] = damaged[i] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: InputProblem.self) { try box.open(String(decoding: damaged, as: UTF8.self), context: "endpoint e1") }
        }
        for length in 0..<sealed.count {
            #expect(throws: InputProblem.self) { try box.open(String(sealed.prefix(length)), context: "endpoint e1") }
        }
    }

    @Test func sealsTheSameTextDifferentlyEachTime() throws {
        let box = try SecretBox(key: SecureRandom.bytes(32))
        #expect(try box.seal([1], context: "") != box.seal([1], context: ""))
    }

    @Test func readsKeysInHexadecimalAndBase64() throws {
        let key = Array(UInt8(0)..<32)
        #expect(try SecretBox.key(fromText: Hex.text(key).uppercased() + "\n") == key)
        #expect(try SecretBox.key(fromText: Base64.text(key)) == key)
        #expect(try SecretBox.key(fromText: Base64.text(key, .urlWithoutPadding)) == key)
        for text in ["", "00", Hex.text(key) + "00", Base64.text(Array(key.dropLast())), String(repeating: "g", count: 64)] {
            #expect(throws: InputProblem.self) { try SecretBox.key(fromText: text) }
        }
    }

    @Test func comparesInConstantTimeWhatIsEqual() {
        #expect(ConstantTime.equal([1, 2], [1, 2]))
        #expect(!ConstantTime.equal([1, 2], [1, 3]))
        #expect(!ConstantTime.equal([1, 2], [1]))
        #expect(ConstantTime.equal([], []))
    }

    /// RFC 4648, section 10.
    @Test func base64AgreesWithItsSpecification() {
        let vectors = ["": "", "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foob": "Zm9vYg==", "fooba": "Zm9vYmE=", "foobar": "Zm9vYmFy"]
        for (plain, text) in vectors {
            #expect(Base64.text(Array(plain.utf8)) == text)
            #expect(Base64.decode(text.utf8) == Array(plain.utf8))
            #expect(Base64.decode(text.filter { $0 != "=" }.utf8) == Array(plain.utf8))
        }
        for text in ["Z", "Zh==", "Zg=", "Z===", "Zm9v=", "Zm 9v", "Zm9-"] { #expect(Base64.decode(text.utf8) == nil, "\(text)") }
    }
}
