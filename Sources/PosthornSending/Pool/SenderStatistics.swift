import Glibc
import PosthornCurl
import PosthornModel
import Synchronization

/// What the senders are doing.
public struct SenderStatistics: Sendable, Hashable {
    /// Jobs that wait for their turn.
    public internal(set) var queued = 0
    /// Requests on the wire.
    public internal(set) var inFlight = 0
    /// Jobs that wait for a name server, or have its answer and wait for a place on the wire.
    public internal(set) var waitingForNames = 0
    /// Jobs that have had their turn and wait until their host has a connection for them.
    public internal(set) var waitingForConnections = 0
    /// Hosts that connections are kept or were opened to; one that two threads send to counts twice. Two endpoints have the same
    /// host when scheme, name, port and client certificate are the same.
    public internal(set) var hosts = 0
    /// Connections that one thread has opened to the host that was given most of them, since the pool was made.
    public internal(set) var mostConnectionsOfAHost: Int64 = 0
    /// Connections that one thread has opened to a host, of the most requests that it had had at once by then: the largest of that.
    /// Receivers that close connections make it grow; else it is 1 or little more.
    public internal(set) var connectionsPerRequestAtOnce = 0.0
    /// Endpoints that have a place in a queue: those that were sent something and are not gone since.
    public internal(set) var endpoints = 0
    /// Connections that are open, or about to be.
    public internal(set) var connections = 0
    /// Connections opened since the pool was made.
    public internal(set) var connectionsOpened: Int64 = 0
    /// TLS handshakes in which a receiver proved itself by its certificate, since the pool was made.
    public internal(set) var fullHandshakes: Int64 = 0
    /// TLS handshakes that took up an earlier session, since the pool was made.
    public internal(set) var resumedHandshakes: Int64 = 0
    /// How often the process has parsed the pool's file of certificate authorities.
    public internal(set) var certificateLoads = 0
    /// Results handed over since the pool was made.
    public internal(set) var finished: Int64 = 0
    /// How often a sender thread has gone through its loop since the pool was made; an idle pool's number stands still.
    public internal(set) var wakeUps: Int64 = 0
    /// Processor time of each sender thread, in microseconds.
    public internal(set) var threadCPUMicroseconds: [Int64] = []

    package init() {}
}
