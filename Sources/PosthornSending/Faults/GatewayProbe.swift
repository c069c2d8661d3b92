import CPosthornLinux
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
        let route = message(RTM_GETROUTE, routeHeader(address), attribute(RTA_DST.rawValue, bytes(address)))
        guard let answer = ask(socket, route), let way = gateway(in: answer) else { return false }
        let neighbour = message(RTM_GETNEIGH, neighbourHeader(address, way.link), attribute(UInt32(NDA_DST), way.gateway))
        return ask(socket, neighbour).map(isSilent) ?? false
    }

    /// The gateway and the number of its link in the kernel's answer about a route.
    static func gateway(in answer: [UInt8]) -> (gateway: [UInt8], link: Int32)? {
        guard type(of: answer) == RTM_NEWROUTE else { return nil }
        var (gateway, link): ([UInt8]?, Int32?)
        var offset = headerBytes + routeHeaderBytes
        while offset + 4 <= answer.count {
            let length = Int(answer.number(UInt16.self, at: offset))
            guard length >= 4, offset + length <= answer.count else { break }
            switch UInt32(answer.number(UInt16.self, at: offset + 2)) {
            case RTA_GATEWAY.rawValue: gateway = Array(answer[(offset + 4)..<(offset + length)])
            case RTA_OIF.rawValue where length >= 8: link = answer.number(Int32.self, at: offset + 4)
            default: break
            }
            offset += (length + 3) & ~3
        }
        return gateway.flatMap { gateway in link.map { (gateway, $0) } }
    }

    /// Whether the kernel's answer about a neighbour says that it was looked for in vain.
    static func isSilent(_ answer: [UInt8]) -> Bool {
        guard type(of: answer) == RTM_NEWNEIGH, answer.count >= headerBytes + neighbourHeaderBytes else { return false }
        let state = Int32(answer.number(UInt16.self, at: headerBytes + 8))
        return state & (NUD_INCOMPLETE | NUD_FAILED) != 0
    }

    // The sizes of struct nlmsghdr, rtmsg and ndmsg.
    private static let headerBytes = 16
    private static let routeHeaderBytes = 12
    private static let neighbourHeaderBytes = 12

    private static func type(of answer: [UInt8]) -> Int? {
        answer.count >= headerBytes ? Int(answer.number(UInt16.self, at: 4)) : nil
    }

    private static func open() -> Int32? {
        let socket = Glibc.socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), NETLINK_ROUTE)
        return socket < 0 ? nil : socket
    }

    /// The kernel answers before `send` returns.
    private static func ask(_ socket: Int32, _ question: [UInt8]) -> [UInt8]? {
        guard send(socket, question, question.count, 0) == question.count else { return nil }
        var answer = [UInt8](repeating: 0, count: 4096)
        let count = recv(socket, &answer, answer.count, Int32(MSG_DONTWAIT))
        return count > 0 ? Array(answer.prefix(count)) : nil
    }

    private static func message(_ type: Int, _ header: [UInt8], _ attribute: [UInt8]) -> [UInt8] {
        var message: [UInt8] = []
        message.append(number: UInt32(headerBytes + header.count + attribute.count))
        message.append(number: UInt16(type))
        message.append(number: UInt16(NLM_F_REQUEST))
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

    private static func attribute(_ type: UInt32, _ content: [UInt8]) -> [UInt8] {
        var attribute: [UInt8] = []
        attribute.append(number: UInt16(4 + content.count))
        attribute.append(number: UInt16(type))
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
