import CPosthornCurl
import Glibc
import PosthornModel
import PosthornSystem

/// The process-wide side of libcurl.
enum CurlLibrary {
    /// Initialises libcurl once.
    ///
    /// `SSLKEYLOGFILE` is taken out of the environment first: libcurl would write the session keys of every connection
    /// into that file, and reads the variable here and nowhere else (lib/vtls/keylog.c). SIGPIPE is ignored for the whole
    /// process: CURLOPT_NOSIGNAL does not do it, and a receiver that closes early would end the program.
    static let ready: Bool = {
        unsetenv("SSLKEYLOGFILE")
        signal(SIGPIPE, SIG_IGN)
        return curl_global_init(posthorn_curl_global_default) == CURLE_OK
    }()

    /// Why nothing can be sent with the libcurl that is loaded; `nil` when it will do. All of TLS is set up through OpenSSL.
    static let problem: String? = ready ? problem(ofTLS: CurlInformation.tlsLibrary) : "libcurl can't be initialised"

    /// What is wrong with a libcurl whose TLS library calls itself so.
    static func problem(ofTLS library: String) -> String? {
        if library.hasPrefix("OpenSSL/") { return nil }
        let found = library.isEmpty ? "has no TLS" : "uses \(library) for TLS"
        return "the libcurl that is loaded \(found), not OpenSSL; install the OpenSSL flavour (libcurl4)"
    }
}

/// How many descriptors the process may have, and what of them idle connections may hold.
enum DescriptorBudget {
    /// Left for the outbox, the listener and requests to receivers that have no connection yet.
    private static let reserve = 256

    /// The limit, after it has been raised as far as the system lets a process raise it by itself: the usual 1,024 would be
    /// used up by a thousand receivers.
    static let limit: Int = {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = limit.rlim_max
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }()

    /// What one multi handle may keep: its part of what its thread may, for TLS and as much again for clear text. 0 where so few
    /// descriptors are left that requests need them all.
    static func connectionsPerShard(wanted: Int, threads: Int, limit: Int = limit) -> Int {
        let affordable = (limit - min(reserve, limit / 2)) / threads / ShardPlan.count
        return max(0, min(max(4, wanted / ShardPlan.secureCount), affordable))
    }

    /// Whether the process, or the machine, can open nothing more at this moment.
    static var isUsedUp: Bool {
        let probe = open("/dev/null", O_RDONLY | O_CLOEXEC)
        if probe < 0 { return isShortage(errno) }
        close(probe)
        return false
    }

    /// Throws unless there is room for a few connections beside what is open already.
    static func checkRoom() throws(SystemProblem) {
        var probes: [Int32] = []
        defer { for probe in probes { close(probe) } }
        for _ in 0..<leastConnections {
            let probe = open("/dev/null", O_RDONLY | O_CLOEXEC)
            if probe < 0 { throw SystemProblem("room for \(leastConnections) connections", errno) }
            probes.append(probe)
        }
    }

    /// With fewer an engine would start and then send nothing.
    private static let leastConnections = 8

    /// Whether a failed call means that descriptors or the kernel's memory for them have run out.
    static func isShortage(_ number: Int32) -> Bool { [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(number) }
}

/// Settings that every request of ours has: nothing from the environment, no redirects, no proxy, nothing but HTTP/1.1.
enum CurlSettings {
    /// Applies them to a fresh handle.
    static func apply(to handle: UnsafeMutableRawPointer) {
        func set(_ option: CURLoption, _ value: Int) { _ = posthorn_curl_set_long(handle, option, value) }
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_NETRC, 0)
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_SSLVERSION, posthorn_curl_tls_1_2)
        set(CURLOPT_HTTP_VERSION, posthorn_curl_http_1_1)
        set(CURLOPT_HTTP09_ALLOWED, 0)
        posthorn_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        posthorn_curl_set_text(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        // No host has a proxy, whatever http_proxy and its kin say. With an empty CURLOPT_PROXY libcurl would still look for
        // no_proxy in the environment, twice a request.
        posthorn_curl_set_text(handle, CURLOPT_NOPROXY, "*")
        // Whom to trust is said by ``TLSClient`` for every connection. With a file or a folder of its own libcurl would parse that
        // as well, and its cache would put an older store in the place of ours.
        posthorn_curl_set_text(handle, CURLOPT_CAINFO, nil)
        posthorn_curl_set_text(handle, CURLOPT_CAPATH, nil)
        set(CURLOPT_CA_CACHE_TIMEOUT, 0)
        // Sessions are ours as well; see ``SessionCache``.
        set(CURLOPT_SSL_SESSIONID_CACHE, 0)
    }

    /// Makes later connections of a handle prove themselves with this certificate, or with none. libcurl keeps copies.
    static func setClientCertificate(_ certificate: ClientCertificate?, on handle: UnsafeMutableRawPointer) {
        set(certificate?.certificate, CURLOPT_SSLCERT_BLOB, on: handle)
        set(certificate?.key, CURLOPT_SSLKEY_BLOB, on: handle)
    }

    private static func set(_ bytes: [UInt8]?, _ option: CURLoption, on handle: UnsafeMutableRawPointer) {
        guard var bytes else {
            posthorn_curl_set_blob(handle, option, nil)
            return
        }
        bytes.withUnsafeMutableBytes { buffer in
            var blob = curl_blob(data: buffer.baseAddress, len: buffer.count, flags: UInt32(CURL_BLOB_COPY))
            posthorn_curl_set_blob(handle, option, &blob)
        }
    }
}
