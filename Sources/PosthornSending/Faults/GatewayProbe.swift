import Glibc
import PosthornSystem

/// Asks the kernel whether the gateway on the way to an address answers on its own link (ARP, or neighbour discovery with IPv6).
///
/// A receiver that is down and a gateway that is down end a connection with the same error. But a gateway that its own link does
/// not find is this machine's network, and nothing has left it. Two questions to the kernel (rtnetlink(7)); nothing is sent for them.
enum GatewayProbe {
    /// Whether the kernel has looked for that gateway on its link in vain. `false` where there is none on the way, or it is unknown.
    static func isSilent(to address: NetworkAddress) -> Bool {
        guard let socket = open() else { return false }
        defer { close(socket) }
        let route = message(Number.getRoute, routeHeader(address), attribute(bytes(address)))
        guard let answer = ask(socket, route), let way = gateway(in: answer) else { return false }
        let neighbour = message(Number.getNeighbour, neighbourHeader(address, way.link), attribute(way.gateway))
        return ask(socket, neighbour).map(isSilent) ?? false
    }

    /// The gateway and the number of its link in the kernel's answer about a route.
    static func gateway(in answer: [UInt8]) -> (gateway: [UInt8], link: Int32)? {
        guard type(of: answer) == Number.newRoute else { return nil }
        var (gateway, link): ([UInt8]?, Int32?)
        var offset = headerBytes + routeHeaderBytes
        while offset + 4 <= answer.count {
            let length = Int(answer.number(UInt16.self, at: offset))
            guard length >= 4, offset + length <= answer.count else { break }
            switch answer.number(UInt16.self, at: offset + 2) {
            case Number.gateway: gateway = Array(answer[(offset + 4)..<(offset + length)])
            case Number.link where length >= 8: link = answer.number(Int32.self, at: offset + 4)
            default: break
            }
            offset += (length + 3) & ~3
        }
        return gateway.flatMap { gateway in link.map { (gateway, $0) } }
    }

    /// Whether the kernel's answer about a neighbour says that it was looked for in vain.
    static func isSilent(_ answer: [UInt8]) -> Bool {
        guard type(of: answer) == Number.newNeighbour, answer.count >= headerBytes + neighbourHeaderBytes else { return false }
        return answer.number(UInt16.self, at: headerBytes + 8) & (Number.stateIncomplete | Number.stateFailed) != 0
    }

    /// The kernel's numbers (linux/netlink.h, rtnetlink.h and neighbour.h). The headers are not included: they would take names of
    /// sys/socket.h from Glibc's module.
    private enum Number {
        static let family: Int32 = 16
        static let routing: Int32 = 0
        static let request: UInt16 = 1
        static let newRoute: UInt16 = 24
        static let getRoute: UInt16 = 26
        static let newNeighbour: UInt16 = 28
        static let getNeighbour: UInt16 = 30
        static let destination: UInt16 = 1
        static let link: UInt16 = 4
        static let gateway: UInt16 = 5
        static let stateIncomplete: UInt16 = 0x01
        static let stateFailed: UInt16 = 0x20
    }

    // The sizes of struct nlmsghdr, rtmsg and ndmsg.
    private static let headerBytes = 16
    private static let routeHeaderBytes = 12
    private static let neighbourHeaderBytes = 12

    private static func type(of answer: [UInt8]) -> UInt16? {
        answer.count >= headerBytes ? answer.number(UInt16.self, at: 4) : nil
    }

    private static func open() -> Int32? {
        let socket = Glibc.socket(Number.family, SocketKind.raw | SocketKind.closeOnExec, Number.routing)
        return socket < 0 ? nil : socket
    }

    /// The kernel answers before `send` returns.
    private static func ask(_ socket: Int32, _ question: [UInt8]) -> [UInt8]? {
        guard send(socket, question, question.count, 0) == question.count else { return nil }
        var answer = [UInt8](repeating: 0, count: 4096)
        let count = recv(socket, &answer, answer.count, Int32(MSG_DONTWAIT))
        return count > 0 ? Array(answer.prefix(count)) : nil
    }

    private static func message(_ type: UInt16, _ header: [UInt8], _ attribute: [UInt8]) -> [UInt8] {
        var message: [UInt8] = []
        message.append(number: UInt32(headerBytes + header.count + attribute.count))
        message.append(number: type)
        message.append(number: Number.request)
        message.append(number: UInt32(0))
        message.append(number: UInt32(0))
        return message + header + attribute
    }

    private static func routeHeader(_ address: NetworkAddress) -> [UInt8] {
        let length: UInt8 = address.isIPv4 ? 32 : 128
        return [family(address), length] + [UInt8](repeating: 0, count: routeHeaderBytes - 2)
    }

    private static func neighbourHeader(_ address: NetworkAddress, _ link: Int32) -> [UInt8] {
        var header: [UInt8] = [family(address), 0, 0, 0]
        header.append(number: link)
        return header + [0, 0, 0, 0]
    }

    /// RTA_DST and NDA_DST are the same number.
    private static func attribute(_ content: [UInt8]) -> [UInt8] {
        var attribute: [UInt8] = []
        attribute.append(number: UInt16(4 + content.count))
        attribute.append(number: Number.destination)
        return attribute + content
    }

    private static func family(_ address: NetworkAddress) -> UInt8 { UInt8(address.isIPv4 ? AF_INET : AF_INET6) }

    private static func bytes(_ address: NetworkAddress) -> [UInt8] {
        let all = withUnsafeBytes(of: address.bits.bigEndian) { Array($0) }
        return address.isIPv4 ? Array(all.suffix(4)) : all
    }
}

extension [UInt8] {
    /// A number in this machine's own order of bytes.
    fileprivate func number<Number: FixedWidthInteger>(_: Number.Type, at offset: Int) -> Number {
        withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Number.self) }
    }

    fileprivate mutating func append(number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number) { append(contentsOf: $0) }
    }
}
