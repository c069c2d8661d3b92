import CPosthornCurl
import Glibc
import PosthornSystem

/// The C functions that libcurl calls for a transfer; each finds its ``Transfer`` behind the context pointer.
enum TransferCallbacks {
    /// Hangs them onto the transfer's handle. The transfer outlives its handle, so the pointers stay valid.
    static func install(on transfer: Transfer) {
        let handle = transfer.easy
        let context = Unmanaged.passUnretained(transfer).toOpaque()
        let sockets = Unmanaged.passUnretained(transfer.context).toOpaque()
        posthorn_curl_set_pointer(handle, CURLOPT_PRIVATE, context)
        posthorn_curl_set_data_callback(handle, CURLOPT_WRITEFUNCTION, takeBody)
        posthorn_curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        posthorn_curl_set_data_callback(handle, CURLOPT_HEADERFUNCTION, takeHeader)
        posthorn_curl_set_pointer(handle, CURLOPT_HEADERDATA, context)
        posthorn_curl_set_prereq(handle, aboutToSend)
        posthorn_curl_set_pointer(handle, CURLOPT_PREREQDATA, context)
        posthorn_curl_set_open_socket(handle, openSocket)
        posthorn_curl_set_pointer(handle, CURLOPT_OPENSOCKETDATA, context)
        posthorn_curl_set_tls_context(handle, setUpTLS)
        posthorn_curl_set_pointer(handle, CURLOPT_SSL_CTX_DATA, context)
        // A connection outlives the transfer that opened it, so its end is told to what the thread's transfers share.
        posthorn_curl_set_close_socket(handle, closeSocket)
        posthorn_curl_set_pointer(handle, CURLOPT_CLOSESOCKETDATA, sockets)
        posthorn_curl_set_resolver_start(handle, startResolver)
        posthorn_curl_set_pointer(handle, CURLOPT_RESOLVER_START_DATA, context)
    }

    /// Gives `body` the transfer, without counting references: its thread keeps it alive.
    @inline(__always)
    private static func with<Result>(_ context: UnsafeMutableRawPointer?, _ body: (Transfer) -> Result) -> Result {
        Unmanaged<Transfer>.fromOpaque(context!)._withUnsafeGuaranteedRef(body)
    }

    private static let takeBody: posthorn_curl_data_callback = { bytes, size, count, context in
        let length = size * count
        return with(context) { $0.takeBody(view(bytes, length)) } ? length : 0
    }

    private static let takeHeader: posthorn_curl_data_callback = { bytes, size, count, context in
        let length = size * count
        return with(context) { $0.takeHeaderLine(view(bytes, length)) } ? length : 0
    }

    private static func view(_ bytes: UnsafeMutablePointer<CChar>?, _ length: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: UnsafeRawPointer(bytes)?.assumingMemoryBound(to: UInt8.self), count: length)
    }

    private static let aboutToSend: curl_prereq_callback = { context, remoteAddress, _, remotePort, localPort in
        let may = with(context) { transfer in
            transfer.mayBegin(localPort: UInt16(truncatingIfNeeded: localPort)) {
                let address = remoteAddress.flatMap { NetworkAddress(String(cString: $0)) }
                return address?.description(port: UInt16(truncatingIfNeeded: remotePort)) ?? ""
            }
        }
        return may ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
    }

    private static let openSocket: curl_opensocket_callback = { context, _, address in
        guard let address, let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) else { return -1 }
        let raw = UnsafeRawPointer(address).advanced(by: offset).assumingMemoryBound(to: sockaddr.self)
        guard let target = NetworkAddress(raw) else { return -1 }
        return with(context) { transfer in
            transfer.openSocket(
                to: target,
                family: address.pointee.family,
                type: address.pointee.socktype,
                protocolNumber: address.pointee.protocol
            )
        }
    }

    private static let setUpTLS: curl_ssl_ctx_callback = { _, tls, context in
        guard let tls, with(context, { $0.mayAgree(OpaquePointer(tls)) }) else { return CURLE_SSL_CACERT_BADFILE }
        return CURLE_OK
    }

    private static let closeSocket: curl_closesocket_callback = { context, socket in
        let shared = Unmanaged<TransferContext>.fromOpaque(context!).takeUnretainedValue()
        if let place = shared.sockets.closed(socket) { shared.observer?.closed(host: place.host, shard: place.shard) }
        return close(socket)
    }

    /// libcurl is about to resolve a host by itself. Names are pinned before, so only a number may come here.
    private static let startResolver: curl_resolver_start_callback = { _, _, context in
        with(context) { $0.needsNoName } ? 0 : 1
    }
}
