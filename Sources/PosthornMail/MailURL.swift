import CPosthornCurl
import PosthornCurl
import PosthornModel

/// A mail server's URL, taken apart by libcurl's own parser.
struct MailURL {
    let url: String
    let host: String
    let user: String?

    init(_ text: String) throws(InputProblem) {
        func problem(_ reason: String) -> InputProblem { InputProblem(field: "", value: text, reason: reason) }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), let handle = curl_url() else {
            throw InputProblem(field: "", reason: "the mail server's URL holds blanks or control characters")
        }
        defer { curl_url_cleanup(handle) }
        guard curl_url_set(handle, CURLUPART_URL, text, UInt32(CURLU_NON_SUPPORT_SCHEME)) == CURLUE_OK else {
            throw InputProblem(field: "", reason: "the mail server's URL can't be read; write it as smtp://host:587")
        }
        func part(_ part: CURLUPart, _ flags: Int32 = 0) -> String? { CurlURL.part(handle, part, flags) }
        if part(CURLUPART_PASSWORD) != nil {
            throw InputProblem(.notAllowed, field: "", reason: "the mail server's URL holds a password; hand it over apart from the URL")
        }
        guard let scheme = part(CURLUPART_SCHEME), scheme == "smtp" || scheme == "smtps", let host = part(CURLUPART_HOST) else {
            throw problem("is not a mail server's URL; write it as smtp://host:587 or smtps://host")
        }
        if let port = part(CURLUPART_PORT), port == "0" { throw problem("has port 0") }
        user = part(CURLUPART_USER, CURLU_URLDECODE)
        if user?.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) == true {
            throw InputProblem(field: "", reason: "the mail server's user holds a control character")
        }
        curl_url_set(handle, CURLUPART_USER, nil, 0)
        guard let url = part(CURLUPART_URL) else { throw problem("is not a complete URL") }
        self.url = url
        self.host = host
    }
}
