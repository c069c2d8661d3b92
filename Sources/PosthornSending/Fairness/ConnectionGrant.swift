/// How a request may go, and what that counts against; see ``ConnectionTable``.
struct ConnectionGrant {
    /// The place of its host; -1 where nobody keeps count of connections.
    var host = -1
    /// Over which multi handle, and whether a connection has to be opened.
    var way = HostConnections.Way(shard: 0, isOpening: false)
    /// Whose it is among those that share the host; see ``WaitingLine``.
    var claimant = WaitingLine<SenderThread.Called>.uncounted
    /// Whose handshake it is among all of the thread; `nil` when none is under way.
    var handshake: Int?
}
