internal import CPosthornMicroHTTPD
import Glibc

/// libmicrohttpd's daemon: every pointer that it hands over is dealt with here.
///
/// `handle` is set once in `init` and never changed; libmicrohttpd's functions on a daemon may be called by any thread.
final class Daemon: @unchecked Sendable {
    private let handle: OpaquePointer
    private let core: ServerCore

    init(_ core: ServerCore) throws(HTTPServerProblem) {
        self.core = core
        let configuration = core.configuration
        // Signals are for the program's own watcher: libmicrohttpd's threads inherit a mask that blocks them all.
        var all = sigset_t()
        var old = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, &old)
        defer { pthread_sigmask(SIG_SETMASK, &old, nil) }
        let started = posthorn_mhd_start(
            Unmanaged.passUnretained(core).toOpaque(),
            onAccess,
            onTarget,
            { _, _, text in text.map { strlen($0) } ?? 0 },
            onCompleted,
            onChanged,
            UInt32(configuration.threads),
            // The pool holds headers, libmicrohttpd's records of them, and the buffers for reading and writing.
            configuration.headerLimitBytes * 2,
            // The acceptor holds the limit; the pool's shares of it must not be the narrower door.
            UInt32(configuration.connectionLimit * configuration.threads + configuration.threads)
        )
        guard let started else {
            throw HTTPServerProblem(.outOfResources, "cannot start the HTTP server: \(String(cString: strerror(errno)))")
        }
        handle = started
    }

    /// Hands over an accepted socket; libmicrohttpd closes it, also when it refuses it.
    func add(_ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) {
        core.handingOver(1)
        if MHD_add_connection(handle, descriptor, address, length) == .NO { core.handingOver(-1) }
    }

    /// Closes what is open and joins the threads. No connection may be suspended.
    func stop() { MHD_stop_daemon(handle) }
}

private func core(_ context: UnsafeMutableRawPointer?) -> ServerCore {
    Unmanaged<ServerCore>.fromOpaque(context!).takeUnretainedValue()
}

private func connection(_ handle: OpaquePointer?) -> Connection? {
    handle.flatMap(posthorn_mhd_context).map { Unmanaged<Connection>.fromOpaque($0).takeUnretainedValue() }
}

private func onChanged(
    _ context: UnsafeMutableRawPointer?,
    _ handle: OpaquePointer?,
    _ slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ change: MHD_ConnectionNotificationCode
) {
    guard let handle, let slot else { return }
    if change == .CONNECTION_NOTIFY_STARTED {
        slot.pointee = Unmanaged.passRetained(core(context).opened(handle)).toOpaque()
    } else if let pointer = slot.pointee {
        slot.pointee = nil
        core(context).closed(Unmanaged<Connection>.fromOpaque(pointer).takeRetainedValue())
    }
}

/// The request line has been read; its target is still as it was sent.
private func onTarget(
    _ context: UnsafeMutableRawPointer?,
    _ target: UnsafePointer<CChar>?,
    _ handle: OpaquePointer?
) -> UnsafeMutableRawPointer? {
    if let target { connection(handle)?.target = String(cString: target) }
    return nil
}

private func onCompleted(
    _ context: UnsafeMutableRawPointer?,
    _ handle: OpaquePointer?,
    _ slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ reason: MHD_RequestTerminationCode
) {
    if let connection = connection(handle) { core(context).completed(connection) }
}

private func onAccess(
    _ context: UnsafeMutableRawPointer?,
    _ handle: OpaquePointer?,
    _ path: UnsafePointer<CChar>?,
    _ method: UnsafePointer<CChar>?,
    _ version: UnsafePointer<CChar>?,
    _ data: UnsafePointer<CChar>?,
    _ size: UnsafeMutablePointer<Int>?,
    _ slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let handle, let connection = connection(handle), let size, let method else { return .NO }
    let core = core(context)
    switch connection.phase {
    case .waiting:
        readHeaders(handle, connection)
        guard let refusal = core.received(connection) else { return .YES }
        return queue(refusal, handle, connection, core)
    case .receiving where size.pointee > 0:
        data?.withMemoryRebound(to: UInt8.self, capacity: size.pointee) {
            core.received(UnsafeBufferPointer(start: $0, count: size.pointee), connection)
        }
        size.pointee = 0
        return .YES
    case .receiving:
        guard let answer = core.answer(connection, method: String(cString: method)) else { return .YES }
        return queue(answer, handle, connection, core)
    case .answering:
        guard let answer = core.later(connection) else { return .YES }
        return queue(answer, handle, connection, core)
    case .refusing:
        size.pointee = 0
        return .YES
    }
}

private func readHeaders(_ handle: OpaquePointer, _ connection: Connection) {
    _ = MHD_get_connection_values_n(
        handle,
        .HEADER_KIND,
        { context, _, name, nameSize, value, valueSize in
            let connection = Unmanaged<Connection>.fromOpaque(context!).takeUnretainedValue()
            name?.withMemoryRebound(to: UInt8.self, capacity: nameSize) { name in
                let name = UnsafeBufferPointer(start: name, count: nameSize)
                guard let value else { return connection.headers.append(name: name, value: .init(start: nil, count: 0)) }
                value.withMemoryRebound(to: UInt8.self, capacity: valueSize) {
                    connection.headers.append(name: name, value: UnsafeBufferPointer(start: $0, count: valueSize))
                }
            }
            return .YES
        },
        Unmanaged.passUnretained(connection).toOpaque()
    )
}

private func queue(
    _ answer: HTTPResponse,
    _ handle: OpaquePointer,
    _ connection: Connection,
    _ core: ServerCore
) -> MHD_Result {
    if answer.isHangUp { return .NO }
    let closes = core.answering(connection, answer)
    let made = answer.body.withUnsafeBytes { bytes in
        MHD_create_response_from_buffer(bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress), .RESPMEM_MUST_COPY)
    }
    guard let made else { return .NO }
    defer { MHD_destroy_response(made) }
    for field in answer.headers { _ = MHD_add_response_header(made, field.name, field.value) }
    if closes { _ = MHD_add_response_header(made, "Connection", "close") }
    return MHD_queue_response(handle, (200...999).contains(answer.status) ? UInt32(answer.status) : 500, made)
}
