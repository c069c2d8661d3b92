import CPosthornCurl
import CPosthornLinux
import Glibc
import PosthornCurl
import PosthornModel
import PosthornText
import PosthornSystem

/// One reusable easy handle with the buffers of the request it carries. It belongs to one sender thread.
final class Transfer {
    let easy: UnsafeMutableRawPointer
    /// Its place in the thread's table.
    let slot: Int
    unowned(unsafe) let context: TransferContext

    @exclusivity(unchecked) var job: SendJob?
    @exclusivity(unchecked) var lane = 0
    @exclusivity(unchecked) var grant = ConnectionGrant()
    /// Whose it is among the thread's slow requests; see ``SlowShares``.
    @exclusivity(unchecked) var slow: Int?
    @exclusivity(unchecked) var started = Timestamp(milliseconds: 0)
    /// Moved on by every time in which the thread could not run.
    @exclusivity(unchecked) var startedNanoseconds: Int64 = 0
    /// The version of the addresses that are pinned with this transfer; see ``NameCache``.
    @exclusivity(unchecked) private(set) var pinnedVersion: Int?

    /// The addresses at which a kept connection is still one to the host's name; `nil` for a host that is a number.
    @exclusivity(unchecked) var keepable: [NetworkAddress]?
    /// Whether it goes to one address of the name alone.
    @exclusivity(unchecked) private var isAimed = false

    @exclusivity(unchecked) private(set) var head = ResponseHead()
    @exclusivity(unchecked) private(set) var excerpt: [UInt8] = []
    /// Bytes of the answer's body so far.
    @exclusivity(unchecked) private(set) var bodyBytes = 0
    @exclusivity(unchecked) private(set) var intervention: AbortCause?
    /// How often libcurl has been about to send a request since the transfer was started.
    @exclusivity(unchecked) private(set) var sendCount = 0
    @exclusivity(unchecked) private(set) var address = ""
    @exclusivity(unchecked) private var openedSockets: [Int32] = []
    /// The TLS side of the connection that this try opened.
    @exclusivity(unchecked) private(set) var agreement: TLSConnection?
    /// The kept connection that this try uses again.
    @exclusivity(unchecked) private(set) var keptSocket: Int32 = -1
    @exclusivity(unchecked) private(set) var loadedBytes = 0
    /// The kinds of addresses that this try has asked for a connection to.
    @exclusivity(unchecked) private(set) var tried: AddressKinds = []

    let errorBuffer: UnsafeMutablePointer<CChar>
    @exclusivity(unchecked) private var buffer: UnsafeMutablePointer<UInt8>
    @exclusivity(unchecked) private var capacity: Int
    private let headerNode: UnsafeMutablePointer<curl_slist>
    @exclusivity(unchecked) private var pinList: UnsafeMutablePointer<curl_slist>?
    @exclusivity(unchecked) private var queryURL: OpaquePointer?
    @exclusivity(unchecked) private var aimList: UnsafeMutablePointer<curl_slist>?

    @exclusivity(unchecked) private(set) var currentTarget: SendTarget?
    @exclusivity(unchecked) private var currentCertificate: ClientCertificate?
    @exclusivity(unchecked) var currentTimeout = 0
    @exclusivity(unchecked) private(set) var isFresh = false
    @exclusivity(unchecked) private var isKept = true

    private static let keptBufferBytes = 65_536

    /// `nil` when memory has run out.
    init?(slot: Int, context: TransferContext) {
        guard let easy = curl_easy_init() else { return nil }
        self.easy = easy
        self.slot = slot
        self.context = context
        errorBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        capacity = 4096
        buffer = .allocate(capacity: capacity)
        headerNode = .allocate(capacity: 1)
        headerNode.initialize(to: curl_slist(data: nil, next: nil))
        CurlSettings.apply(to: easy)
        // Otherwise libcurl walks through all of its cached names at the end of every transfer. Names are pinned by us, and
        // numbers do not change, so nothing in there goes out of date.
        posthorn_curl_set_long(easy, CURLOPT_DNS_CACHE_TIMEOUT, -1)
        let (lifetime, idle) = context.connectionSeconds
        if lifetime > 0 { posthorn_curl_set_long(easy, CURLOPT_MAXLIFETIME_CONN, lifetime) }
        if idle > 0 { posthorn_curl_set_long(easy, CURLOPT_MAXAGE_CONN, idle) }
        TransferCallbacks.install(on: self)
        posthorn_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorBuffer)
        posthorn_curl_set_list(easy, CURLOPT_HTTPHEADER, headerNode)
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(pinList)
        curl_slist_free_all(aimList)
        curl_url_cleanup(queryURL)
        headerNode.deallocate()
        buffer.deallocate()
        errorBuffer.deallocate()
    }

    /// Takes over a request: copies it into the handle's own buffer, from where libcurl sends it.
    func load(_ request: borrowing OutboundRequest, for target: SendTarget) {
        if currentTarget !== target { use(target) }
        if currentCertificate !== request.clientCertificate { use(request.clientCertificate) }
        let headersLength = request.headers.count
        reserve(headersLength + 1 + request.body.count)
        request.headers.withUnsafeBufferPointer { copy($0, at: 0) }
        buffer[headersLength] = 0
        request.body.withUnsafeBufferPointer { copy($0, at: headersLength + 1) }
        loadedBytes = headersLength + request.body.count

        buffer.withMemoryRebound(to: CChar.self, capacity: capacity) { headerNode.pointee.data = $0 }
        let namesContentType = SuppressedHeaders.beginsWithContentType(request.headers)
        headerNode.pointee.next = context.standing.list(
            withoutContentType: target.method == .get || namesContentType,
            bodyBytes: request.body.count
        )
        if target.method == .post {
            posthorn_curl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, request.body.count)
            posthorn_curl_set_pointer(easy, CURLOPT_POSTFIELDS, buffer + headersLength + 1)
        }
        if !request.query.isEmpty || queryURL != nil { setQuery(request.query, target) }
    }

    /// libcurl's own deadline where somebody else keeps it: ten days.
    private static let farTimeout = 864_000_000

    /// Makes the handle ready for one try.
    /// - Parameters:
    ///   - timeoutMilliseconds: What is left of the attempt's deadline.
    ///   - endsItself: Whether libcurl ends the attempt at its deadline; if not, only what is not connected by then.
    ///   - keepsConnection: Whether the connection is kept for later requests, if the context keeps any.
    func prepare(timeoutMilliseconds: Int, endsItself: Bool = true, freshConnection: Bool, keepsConnection: Bool = true) {
        head = ResponseHead()
        excerpt.removeAll(keepingCapacity: true)
        bodyBytes = 0
        intervention = nil
        sendCount = 0
        address = ""
        if !openedSockets.isEmpty { openedSockets.removeAll(keepingCapacity: true) }
        agreement = nil
        keptSocket = -1
        tried = []
        errorBuffer[0] = 0
        if currentTimeout != timeoutMilliseconds {
            currentTimeout = timeoutMilliseconds
            posthorn_curl_set_long(easy, CURLOPT_TIMEOUT_MS, endsItself ? timeoutMilliseconds : Self.farTimeout)
            // libcurl's own limit on connecting is 300 s; ours is the deadline alone. Of several addresses the first gets half of it.
            posthorn_curl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, timeoutMilliseconds)
        }
        if isFresh != freshConnection {
            isFresh = freshConnection
            posthorn_curl_set_long(easy, CURLOPT_FRESH_CONNECT, freshConnection ? 1 : 0)
        }
        let keeps = keepsConnection && context.keepsConnections
        if isKept != keeps {
            isKept = keeps
            posthorn_curl_set_long(easy, CURLOPT_FORBID_REUSE, keeps ? 0 : 1)
        }
    }

    /// Whether this try opened a connection of its own.
    var hasConnected: Bool { !openedSockets.isEmpty }

    /// Hands libcurl the addresses of a name, so that it does not ask for them itself.
    ///
    /// - Parameter forgetting: What it is to take out of its cache first, as `host:port`.
    func pin(_ host: String, port: UInt16, to addresses: [NetworkAddress], version: Int, forgetting: [String] = []) {
        let list = addresses.map { $0.isIPv4 ? $0.description : "[\($0)]" }.joined(separator: ",")
        for name in forgetting { pinList = curl_slist_append(pinList, "-\(name)") }
        pinList = curl_slist_append(pinList, "\(host):\(port):\(list)")
        pinnedVersion = version
        posthorn_curl_set_list(easy, CURLOPT_RESOLVE, pinList)
    }

    /// Sends all of this handle's requests for a name to one of its addresses, in connections that no other address shares.
    func aim(_ host: String, port: UInt16, at address: NetworkAddress) {
        aimList = curl_slist_append(nil, "\(host):\(port):\(address.isIPv4 ? "\(address)" : "[\(address)]"):\(port)")
        posthorn_curl_set_list(easy, CURLOPT_CONNECT_TO, aimList)
        isAimed = true
    }

    /// Lets go of the job and of what is large.
    func release() {
        job = nil
        agreement = nil
        keepable = nil
        if keptSocket >= 0 { context.sockets.use(keptSocket, by: nil) }
        excerpt = []
        if pinList != nil {
            posthorn_curl_set_list(easy, CURLOPT_RESOLVE, nil)
            curl_slist_free_all(pinList)
            pinList = nil
            pinnedVersion = nil
        }
        if capacity > Self.keptBufferBytes {
            buffer.deallocate()
            capacity = 4096
            buffer = .allocate(capacity: capacity)
        }
    }

    private func use(_ target: SendTarget) {
        currentTarget = target
        posthorn_curl_set_url(easy, target.parsed)
        posthorn_curl_set_long(easy, target.method == .get ? CURLOPT_HTTPGET : CURLOPT_POST, 1)
    }

    /// libcurl compares the certificate before it uses a connection or a TLS session again (lib/vtls/vtls.c,
    /// `Curl_ssl_config_matches`), so nobody's request leaves over a connection that another certificate opened.
    private func use(_ certificate: ClientCertificate?) {
        currentCertificate = certificate
        CurlSettings.setClientCertificate(certificate, on: easy)
    }

    private func setQuery(_ query: [UInt8], _ target: SendTarget) {
        curl_url_cleanup(queryURL)
        queryURL = nil
        if !query.isEmpty {
            queryURL = curl_url_dup(target.parsed)
            curl_url_set(queryURL, CURLUPART_QUERY, String(decoding: query, as: UTF8.self), UInt32(CURLU_APPENDQUERY))
        }
        posthorn_curl_set_url(easy, queryURL ?? target.parsed)
    }

    private func reserve(_ bytes: Int) {
        guard bytes > capacity else { return }
        buffer.deallocate()
        capacity = max(bytes, capacity * 2)
        buffer = .allocate(capacity: capacity)
    }

    private func copy(_ source: UnsafeBufferPointer<UInt8>, at offset: Int) {
        guard let base = source.baseAddress else { return }
        (buffer + offset).update(from: base, count: source.count)
    }
}

// What libcurl reports while a transfer runs; called by the callbacks alone.
extension Transfer {
    func takeHeaderLine(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        if hasConnected { head.wantsDate = true }
        return head.take(line) == .goOn
    }

    func takeBody(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let room = context.excerptLimitBytes - excerpt.count
        if room > 0 { excerpt.append(contentsOf: bytes.prefix(room)) }
        bodyBytes += bytes.count
        if bodyBytes <= context.responseLimitBytes { return true }
        intervention = .bodyLimit
        return false
    }

    /// A socket to `target` is to be made: judged first, so that nothing leaves for a forbidden address.
    func openSocket(to target: NetworkAddress, family: Int32, type: Int32, protocolNumber: Int32) -> Int32 {
        // After a first send a new connection could only serve libcurl's silent second one.
        if sendCount > 0 {
            intervention = .secondTry
            return -1
        }
        tried.insert(target.isIPv4 ? .four : .six)
        if let refusal = refusal(of: target) {
            intervention = refusal
            return -1
        }
        let socket = posthorn_socket(family, type, protocolNumber)
        if socket < 0 {
            intervention = .noSocket(errno)
            return -1
        }
        context.sockets.opened(socket)
        openedSockets.append(socket)
        // A refusal of one of a name's addresses does not stand when another one is tried.
        intervention = nil
        return socket
    }

    /// A connection is about to agree on TLS, with this `SSL_CTX`.
    func mayAgree(_ tls: OpaquePointer) -> Bool {
        do throws(CertificateProblem) {
            // Sessions are kept by the certificate that the target names; one that the request alone names must not mix with them.
            let target = currentTarget.flatMap { $0.composer.clientCertificate === currentCertificate ? $0 : nil }
            agreement = try context.tls.prepare(tls, for: target?.host)
            return true
        } catch {
            intervention = .noAuthorities(path: context.tls.authorities.path, error)
            return false
        }
    }

    /// The request is about to leave over the connection with these ends.
    func mayBegin(localPort: UInt16, remote: () -> String) -> Bool {
        sendCount += 1
        if sendCount > 1 {
            intervention = .secondTry
            return false
        }
        return openedSockets.isEmpty ? mayReuse(localPort, remote) : mayUseNew(localPort)
    }

    private func mayReuse(_ localPort: UInt16, _ remote: () -> String) -> Bool {
        let isTLS = currentTarget?.url.isPlainHTTP == false
        guard let found = context.sockets.find(localPort: localPort, address: remote()),
            keepable?.contains(found.peer) ?? true, !SocketFacts.isReadable(found.socket),
            !isTLS || !TLSFacts.mayHaveUnreadBytes(easy)
        else {
            intervention = .staleConnection
            return false
        }
        keptSocket = found.socket
        context.sockets.use(found.socket, by: slot)
        address = found.address
        if grant.way.isOpening { context.observer?.connected(self, isNew: false) }
        return true
    }

    private func mayUseNew(_ localPort: UInt16) -> Bool {
        // Of several tries in parallel, one for each kind of address, only one is connected.
        guard let socket = openedSockets.first(where: { SocketFacts.localPort($0) == localPort && SocketFacts.peer($0) != nil }),
            let peer = SocketFacts.peer(socket)
        else {
            // The kernel names the other side of a connection until it is gone.
            intervention = .closedBeforeSending(isTLS: currentTarget?.url.isPlainHTTP == false)
            return false
        }
        // The address that the kernel connected to, not the one it was asked for: 0.0.0.0 becomes 127.0.0.1.
        if let refusal = refusal(of: peer.address) {
            intervention = refusal
            return false
        }
        context.routes.reached(peer.address)
        address = peer.address.description(port: peer.port)
        context.sockets.connected(
            socket,
            localPort: localPort,
            address: address,
            peer: peer.address,
            host: grant.host,
            shard: grant.way.shard
        )
        intervention = nil
        context.observer?.connected(self, isNew: true)
        agreement?.verified()
        return true
    }

    /// Whether the host is a number, so that libcurl needs no resolver for it.
    var needsNoName: Bool { isAimed || currentTarget?.url.numericAddress != nil }
}
