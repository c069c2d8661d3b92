import CPosthornCurl
import PosthornCurl
import PosthornModel

// Method and target of what is sent, where they are not those of the endpoint alone.
extension Transfer {
    /// A line of a request's own, or that of the endpoint again.
    func use(_ line: RequestLine?, _ target: SendTarget) {
        state.currentLine = line
        let method = line?.method ?? target.method.rawValue
        // Each of the three takes back what another has set.
        let carriesBody = line?.carriesBody ?? (target.method == .post)
        posthorn_curl_set_long(easy, carriesBody ? CURLOPT_POST : method == "HEAD" ? CURLOPT_NOBODY : CURLOPT_HTTPGET, 1)
        posthorn_curl_set_text(easy, CURLOPT_CUSTOMREQUEST, carriesBody && method != "POST" ? method : nil)
        posthorn_curl_set_text(easy, CURLOPT_REQUEST_TARGET, line?.target)
    }

    func setQuery(_ query: [UInt8], _ target: SendTarget) {
        curl_url_cleanup(state.queryURL)
        state.queryURL = nil
        if !query.isEmpty {
            state.queryURL = curl_url_dup(target.parsed)
            curl_url_set(state.queryURL, CURLUPART_QUERY, String(decoding: query, as: UTF8.self), UInt32(CURLU_APPENDQUERY))
        }
        posthorn_curl_set_url(easy, state.queryURL ?? target.parsed)
    }
}
