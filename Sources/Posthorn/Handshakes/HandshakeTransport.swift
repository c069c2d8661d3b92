/// Answers questions without a socket.
package typealias HandshakeTransport = @Sendable (CarriedQuestion) -> CarriedAnswer
