import PosthornFormats

/// Keys for tests alone: the pair of RFC 6979, A.2.5, one of RSA that was made for them, and the pair of RFC 8032, 7.1, test 1.
enum TestKeys {
    static let p256Private = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgya+p2EW6dRZrXCFX
        Z7HWk05Qw9s26JsSe4piKxIPZyGhRANCAARg/tS6JVqdMclh63TGNW1owEm4kjth
        +mzmaWIuYPKftnkD/hAIuLyZpBrp6VYovGTy8bIMLX6fUXejwpTURiKZ
        -----END PRIVATE KEY-----
        """

    static let p256Public = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7
        Yfps5mliLmDyn7Z5A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==
        -----END PUBLIC KEY-----
        """

    static let rsaPrivate = """
        -----BEGIN PRIVATE KEY-----
        MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCzSnHLB4Tt6HOp
        ZaXELJOIusIOq7nMlPgRtRSRt0ZXrbPhg6Q1UZM3i5KlIll6oHNa9adZw0Zu4IXM
        hiFk2wauBdz0HtUqT2M2rKSusuvEfK/GErphyNUOcPv0gQr5jAWBD+CJTCSaF9UO
        aczQHvOKe64VhVVGmEQKNK9Jbe4iforbyC6Dl6uGy53Nmxc1g7WIcqLTT+otlvmD
        xRag6pditc1xlHvjDPzsEZpREjb7H3/FA6oypVcV7/xjiCUEopM3KfkAAzhie4Gr
        Brl3CHL+BsO5p7dv/PO0ozbR48R8EhxRvmFNYB/mJ7vbXotExsdDIr7grE3SoUDc
        cXiX7wQdAgMBAAECggEAK9cDNirzhRz20zAItYxU0vUfqGizOOQgOGw3yF2xNJVD
        y9vdljAJOGbHh9t7V7HOIyq4LgnCui/qZ5VQqxGnc3v5iDPV2c+pqd/TMOiNH/GB
        JYTE0E5EUpCr+yBmp5hmbCWOuOPGe2tibHDQZP98e5s8eQSuUmG/GWPCjMj1lrdC
        kLUjj6YWWapRnv76ADCEttkc7Qgr1S//eITegsnITvLkgrplfnFPv1CZ772nP9a5
        yFJSkT3UQ8l043rYuGURZtGIZcT2LtlPTQsu7o9Rmqu43xGwCzU/Ipd5fJOyG6KQ
        IlsCIGV4bLUOadOPR5jNd96NP6zkeNoHMnZGFDSrQQKBgQD5SmC2ojUWhK1C857X
        Rq06LCIAthGSqcfVW8FxG4iHkMfIcQv/3RCIvZlJUE9g76Kk9lcWN30bUw8X4x2M
        CLBZaUKacvZxDnGu9pZBvZj5E4/0Hf4D84HCMbvcmaATlF/1rlewHgeor+ymvLqp
        3KOHKauI5Nte3WKE/ja6QBal7QKBgQC4HcP9zXQvwy6lFR2KsYiGdRhTKcxgymfR
        9NtTOR0QZkE55shpvApx5y8NBhJDoDMizlpbNndVcHOk/GMN3qKoShxa52IN3HD8
        yx27u/ScDgDbzOOXxW9BK2H5vuYtne2teAroZ3jp8RVIm+7NPmjaQ4spbHQyK0fW
        vwnmMXYQ8QKBgDcqrYJdHRBxpgIF9aXAPz97Wr77i6IALnfZyVIlfK47bOq/kZ86
        pZkNFCn0OszB2yVUWmtRNj9gvxtTKEu/9H6k25dgT4cvYhsM+K1trreYC6hDJt5q
        +dEmvmMQICuVDzNINKGF074RyHYRl+FVMV8M6qfttVol9dJmi2fmHNz1AoGAYKtw
        PpBjUriegxrlGe9BCaftj6zAnIlpnXl8tuOj+PpXgPlFfQ64RTnnIGVxrYQtlTbX
        hlDAs2GJtrS1pZChws62uJwIhdKamIBlKi7zrgREOyQG06dcVNFcbe7nmEf1hUEk
        KQY7HEnyrN8CsUz1bLROGv/Quo6y93Py1KRfo2ECgYBjG0+SkC11IOU2acP5Sbm/
        9kqRV7CzXFHubNb7QjtqyvwE+3TVAVBFQmM/k2r2hK897a3yM8FNiT2fo4opgFfF
        bddHnnMaQlkkUcPbpFggY2aaHn/9BVcWmpVkrhe6HwfgTD8vUacrmpfQX6s3YW/q
        gEdhmwJZRv/oFPONZGiDCg==
        -----END PRIVATE KEY-----
        """

    static let rsaPublic = """
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAs0pxyweE7ehzqWWlxCyT
        iLrCDqu5zJT4EbUUkbdGV62z4YOkNVGTN4uSpSJZeqBzWvWnWcNGbuCFzIYhZNsG
        rgXc9B7VKk9jNqykrrLrxHyvxhK6YcjVDnD79IEK+YwFgQ/giUwkmhfVDmnM0B7z
        inuuFYVVRphECjSvSW3uIn6K28gug5erhsudzZsXNYO1iHKi00/qLZb5g8UWoOqX
        YrXNcZR74wz87BGaURI2+x9/xQOqMqVXFe/8Y4glBKKTNyn5AAM4YnuBqwa5dwhy
        /gbDuae3b/zztKM20ePEfBIcUb5hTWAf5ie7216LRMbHQyK+4KxN0qFA3HF4l+8E
        HQIDAQAB
        -----END PUBLIC KEY-----
        """

    static let ed25519Seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
    static let ed25519Public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"

    /// What a key of a vendor's file is given for sending, and for receiving.
    static func key(named name: String, of description: VendorDescription) -> (sending: String, receiving: String) {
        switch description.algorithm(ofKey: name) {
        case "ecdsa-p256-sha256", "jwt-es256": return (p256Private, p256Public)
        case "rsa-sha1", "rsa-sha256", "jwt-rs256": return (rsaPrivate, rsaPublic)
        case "ed25519": return (ed25519Seed, ed25519Public)
        case "basic": return ("user:password", "user:password")
        default: return ("6162636465666768", "6162636465666768")
        }
    }
}
