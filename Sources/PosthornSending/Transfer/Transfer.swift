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
    // Unsafe: the thread that owns the context outlives its transfers, and every callback would count a reference up and down.
    unowned(unsafe) let context: TransferContext
    // Unchecked, as in ``SenderThread``: what one thread alone touches needs no check of overlapping accesses.
    @exclusivity(unchecked) var state = State()

    /// What one thread alone touches.
    struct State: ~Copyable {
        var job: SendJob?
        var lane = 0
        var grant = ConnectionGrant()
        /// Whose it is among the thread's slow requests; see ``SlowShares``.
        var slow: Int?
        var started = Timestamp(milliseconds: 0)
        /// Moved on by every time in which the thread could not run.
        var startedNanoseconds: Int64 = 0
        /// The version of the addresses that are pinned with this transfer; see ``NameCache``.
        fileprivate(set) var pinnedVersion: Int?
        /// The addresses at which a kept connection is still one to the host's name; `nil` for a host that is a number.
        var keepable: [NetworkAddress]?
        /// Whether it goes to one address of the name alone.
        fileprivate(set) var isAimed = false
        fileprivate(set) var head = ResponseHead()
        fileprivate(set) var excerpt: [UInt8] = []
        /// Bytes of the answer's body so far.
        fileprivate(set) var bodyBytes = 0
        fileprivate(set) var intervention: AbortCause?
        /// How often libcurl has been about to send a request since the transfer was started.
        fileprivate(set) var sendCount = 0
        fileprivate(set) var address = ""
        fileprivate(set) var openedSockets: [Int32] = []
        /// Whether one of them had another side when the try was ended for its deadline.
        var isConnected = false
        /// The TLS side of the connection that this try opened.
        fileprivate(set) var agreement: TLSConnection?
        /// The kept connection that this try uses again.
        fileprivate(set) var keptSocket: Int32 = -1
        fileprivate(set) var loadedBytes = 0
        /// The kinds of addresses that this try has asked for a connection to.
        fileprivate(set) var tried: AddressKinds = []
        fileprivate var capacity = 4096
        fileprivate var buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: 4096)
        fileprivate var pinList: UnsafeMutablePointer<curl_slist>?
        var queryURL: OpaquePointer?
        fileprivate var aimList: UnsafeMutablePointer<curl_slist>?
        fileprivate(set) var currentTarget: SendTarget?
        fileprivate var currentCertificate: ClientCertificate?
        var currentLine: RequestLine?
        var currentTimeout = 0
        fileprivate(set) var isFresh = false
        fileprivate var isKept = true
    }

    let errorBuffer: UnsafeMutablePointer<CChar>
    private let headerNode: UnsafeMutablePointer<curl_slist>

    private static let keptBufferBytes = 65_536

    /// `nil` when memory has run out.
    init?(slot: Int, context: TransferContext) {
        guard let easy = curl_easy_init() else { return nil }
        self.easy = easy
        self.slot = slot
        self.context = context
        errorBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        headerNode = .allocate(capacity: 1)
        headerNode.initialize(to: curl_slist(data: nil, next: nil))
        CurlSettings.apply(to: easy)
        // Otherwise libcurl walks through all of its cached names at the end of every transfer. Names are pinned by us, and
        // numbers do not change, so nothing in there goes out of date.
        posthorn_curl_set_long(easy, CURLOPT_DNS_CACHE_TIMEOUT, -1)
        let (lifetime, idle) = context.connectionSeconds
        if lifetime > 0 { posthorn_curl_set_long(easy, CURLOPT_MAXLIFETIME_CONN, lifetime) }
        if idle > 0 { posthorn_curl_set_long(easy, CURLOPT_MAXAGE_CONN, idle) }
        if let proxy = context.guard.proxy { CurlProxy.set(proxy, on: easy) }
        TransferCallbacks.install(on: self)
        posthorn_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorBuffer)
        posthorn_curl_set_list(easy, CURLOPT_HTTPHEADER, headerNode)
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(state.pinList)
        curl_slist_free_all(state.aimList)
        curl_url_cleanup(state.queryURL)
        headerNode.deallocate()
        state.buffer.deallocate()
        errorBuffer.deallocate()
    }

    /// Takes over a request: copies it into the handle's own buffer, from where libcurl sends it.
    func load(_ request: borrowing OutboundRequest, for target: SendTarget) {
        if state.currentTarget !== target { use(target) }
        if state.currentCertificate !== request.clientCertificate { use(request.clientCertificate) }
        if state.currentLine !== request.line { use(request.line, target) }
        let carriesBody = request.line?.carriesBody ?? (target.method == .post)
        let headersLength = request.headers.count
        reserve(headersLength + 1 + request.body.count)
        request.headers.withUnsafeBufferPointer { copy($0, at: 0) }
        state.buffer[headersLength] = 0
        request.body.withUnsafeBufferPointer { copy($0, at: headersLength + 1) }
        state.loadedBytes = headersLength + request.body.count

        state.buffer.withMemoryRebound(to: CChar.self, capacity: state.capacity) { headerNode.pointee.data = $0 }
        let namesContentType = SuppressedHeaders.beginsWithContentType(request.headers)
        headerNode.pointee.next = context.standing.list(
            withoutContentType: !carriesBody || namesContentType,
            bodyBytes: request.body.count
        )
        if carriesBody {
            posthorn_curl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, request.body.count)
            posthorn_curl_set_pointer(easy, CURLOPT_POSTFIELDS, state.buffer + headersLength + 1)
        }
        if !request.query.isEmpty || state.queryURL != nil { setQuery(request.query, target) }
    }

    /// libcurl's own deadline where the sender keeps it: ten days.
    private static let farTimeout = 864_000_000

    /// Makes the handle ready for one try.
    /// - Parameters:
    ///   - timeoutMilliseconds: What is left of the attempt's deadline.
    ///   - endsItself: Whether libcurl ends the attempt at its deadline; if not, only what is not connected by then.
    ///   - keepsConnection: Whether the connection is kept for later requests, if the context keeps any.
    func prepare(timeoutMilliseconds: Int, endsItself: Bool = true, freshConnection: Bool, keepsConnection: Bool = true) {
        state.head = ResponseHead(keepsFields: context.keepsFields)
        state.excerpt.removeAll(keepingCapacity: true)
        state.bodyBytes = 0
        state.intervention = nil
        state.sendCount = 0
        state.address = ""
        if !state.openedSockets.isEmpty { state.openedSockets.removeAll(keepingCapacity: true) }
        state.agreement = nil
        (state.keptSocket, state.isConnected) = (-1, false)
        state.tried = []
        errorBuffer[0] = 0
        if state.currentTimeout != timeoutMilliseconds {
            state.currentTimeout = timeoutMilliseconds
            posthorn_curl_set_long(easy, CURLOPT_TIMEOUT_MS, endsItself ? timeoutMilliseconds : Self.farTimeout)
            // libcurl's own limit on connecting is 300 s; ours is the deadline alone. Of several addresses the first gets half of it.
            posthorn_curl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, timeoutMilliseconds)
        }
        if state.isFresh != freshConnection {
            state.isFresh = freshConnection
            posthorn_curl_set_long(easy, CURLOPT_FRESH_CONNECT, freshConnection ? 1 : 0)
        }
        let keeps = keepsConnection && context.keepsConnections
        if state.isKept != keeps {
            state.isKept = keeps
            posthorn_curl_set_long(easy, CURLOPT_FORBID_REUSE, keeps ? 0 : 1)
        }
    }

    /// Hands libcurl the addresses of a name, so that it does not ask for them itself.
    ///
    /// - Parameter forgetting: What it is to take out of its cache first, as `host:port`.
    func pin(_ host: String, port: UInt16, to addresses: [NetworkAddress], version: Int, forgetting: [String] = []) {
        let list = addresses.map { $0.isIPv4 ? $0.description : "[\($0)]" }.joined(separator: ",")
        for name in forgetting { state.pinList = curl_slist_append(state.pinList, "-\(name)") }
        state.pinList = curl_slist_append(state.pinList, "\(host):\(port):\(list)")
        state.pinnedVersion = version
        posthorn_curl_set_list(easy, CURLOPT_RESOLVE, state.pinList)
    }

    /// Sends all of this handle's requests for a name to one of its addresses, in connections that no other address shares.
    func aim(_ host: String, port: UInt16, at address: NetworkAddress) {
        state.aimList = curl_slist_append(nil, "\(host):\(port):\(address.isIPv4 ? "\(address)" : "[\(address)]"):\(port)")
        posthorn_curl_set_list(easy, CURLOPT_CONNECT_TO, state.aimList)
        state.isAimed = true
    }

    /// Lets go of the job and of what is large.
    func release() {
        state.job = nil
        state.agreement = nil
        state.keepable = nil
        if state.keptSocket >= 0 { context.sockets.use(state.keptSocket, by: nil) }
        state.excerpt = []
        if state.pinList != nil {
            posthorn_curl_set_list(easy, CURLOPT_RESOLVE, nil)
            curl_slist_free_all(state.pinList)
            state.pinList = nil
            state.pinnedVersion = nil
        }
        if state.capacity > Self.keptBufferBytes {
            state.buffer.deallocate()
            state.capacity = 4096
            state.buffer = .allocate(capacity: state.capacity)
        }
    }

    private func use(_ target: SendTarget) {
        state.currentTarget = target
        posthorn_curl_set_url(easy, target.parsed)
        posthorn_curl_set_long(easy, target.method == .get ? CURLOPT_HTTPGET : CURLOPT_POST, 1)
        if state.currentLine != nil { use(nil, target) }
    }

    /// libcurl compares the certificate before it uses a connection or a TLS session again (lib/vtls/vtls.c,
    /// `Curl_ssl_config_matches`), so nobody's request leaves over a connection that another certificate opened.
    private func use(_ certificate: ClientCertificate?) {
        state.currentCertificate = certificate
        CurlSettings.setClientCertificate(certificate, on: easy)
    }

    private func reserve(_ bytes: Int) {
        guard bytes > state.capacity else { return }
        state.buffer.deallocate()
        state.capacity = max(bytes, state.capacity * 2)
        state.buffer = .allocate(capacity: state.capacity)
    }

    private func copy(_ source: UnsafeBufferPointer<UInt8>, at offset: Int) {
        guard let base = source.baseAddress else { return }
        (state.buffer + offset).update(from: base, count: source.count)
    }
}

// What libcurl reports while a transfer runs; called by the callbacks alone.
extension Transfer {
    func takeHeaderLine(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        if hasConnected { state.head.wantsDate = true }
        return state.head.take(line) == .goOn
    }

    func takeBody(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let room = context.excerptLimitBytes - state.excerpt.count
        if room > 0 { state.excerpt.append(contentsOf: bytes.prefix(room)) }
        state.bodyBytes += bytes.count
        if state.bodyBytes <= context.responseLimitBytes { return true }
        state.intervention = .bodyLimit
        return false
    }

    /// A socket to `target` is to be made: judged first, so that nothing leaves for a forbidden address.
    func openSocket(to target: NetworkAddress, family: Int32, type: Int32, protocolNumber: Int32) -> Int32 {
        // After a first send a new connection could only serve libcurl's silent second one.
        if state.sendCount > 0 {
            state.intervention = .secondTry
            return -1
        }
        state.tried.insert(target.isIPv4 ? .four : .six)
        if context.guard.proxy == nil, let refusal = refusal(of: target) {
            state.intervention = refusal
            return -1
        }
        let socket = posthorn_socket(family, type, protocolNumber)
        if socket < 0 {
            state.intervention = .noSocket(errno)
            return -1
        }
        if let source = context.guard.source, let problem = bind(socket, to: source, for: target) {
            state.intervention = problem
            return -1
        }
        context.sockets.opened(socket)
        state.openedSockets.append(socket)
        // A refusal of one of a name's addresses does not stand when another one is tried.
        state.intervention = nil
        return socket
    }

    /// A connection is about to agree on TLS, with this `SSL_CTX`.
    func mayAgree(_ tls: OpaquePointer) -> Bool {
        do throws(CertificateProblem) {
            // Sessions are kept by the certificate that the target names; one that the request alone names must not mix with them.
            let target = state.currentTarget.flatMap { $0.composer.clientCertificate === state.currentCertificate ? $0 : nil }
            state.agreement = try context.tls.prepare(tls, for: target?.host)
            return true
        } catch {
            state.intervention = .noAuthorities(path: context.tls.authorities.path, error)
            return false
        }
    }

    /// The request is about to leave over the connection with these ends.
    func mayBegin(localPort: UInt16, remote: () -> String) -> Bool {
        state.sendCount += 1
        if state.sendCount > 1 {
            state.intervention = .secondTry
            return false
        }
        return state.openedSockets.isEmpty ? mayReuse(localPort, remote) : mayUseNew(localPort)
    }

    private func mayReuse(_ localPort: UInt16, _ remote: () -> String) -> Bool {
        let isTLS = state.currentTarget?.url.isPlainHTTP == false
        guard let found = context.sockets.find(localPort: localPort, address: remote()),
            state.keepable?.contains(found.peer) ?? true, !SocketFacts.isReadable(found.socket),
            !isTLS || !TLSFacts.mayHaveUnreadBytes(easy)
        else {
            state.intervention = .staleConnection
            return false
        }
        state.keptSocket = found.socket
        context.sockets.use(found.socket, by: slot)
        state.address = found.address
        if state.grant.way.isOpening { context.observer?.connected(self, isNew: false) }
        return true
    }

    private func mayUseNew(_ localPort: UInt16) -> Bool {
        // Of several tries in parallel, one for each kind of address, only one is connected.
        guard let socket = state.openedSockets.first(where: { SocketFacts.localPort($0) == localPort && SocketFacts.peer($0) != nil }),
            let peer = SocketFacts.peer(socket)
        else {
            // The kernel names the other side of a connection until it is gone.
            state.intervention = .closedBeforeSending(isTLS: state.currentTarget?.url.isPlainHTTP == false)
            return false
        }
        // The address that the kernel connected to, not the one it was asked for: 0.0.0.0 becomes 127.0.0.1.
        if context.guard.proxy == nil, let refusal = refusal(of: peer.address) {
            state.intervention = refusal
            return false
        }
        context.connected(to: peer.address)
        state.address = peer.address.description(port: peer.port)
        context.sockets.connected(
            socket,
            localPort: localPort,
            address: state.address,
            peer: peer.address,
            host: state.grant.host,
            shard: state.grant.way.shard
        )
        state.intervention = nil
        context.observer?.connected(self, isNew: true)
        state.agreement?.verified()
        return true
    }
}
