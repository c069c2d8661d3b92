/// What the transfers of one thread share.
final class TransferContext {
    let `guard`: EgressGuard
    let responseLimitBytes: Int
    let caFile: String?
    let standing = StandingHeaders()
    var sockets: SocketBook

    init(_ configuration: SenderConfiguration, epoll: Int32) {
        `guard` = configuration.guard
        responseLimitBytes = max(0, configuration.responseLimitBytes)
        caFile = CurlLibrary.caFile(configured: configuration.caFile)
        sockets = SocketBook(epoll: epoll)
    }
}
