import CPosthornLinux
import Glibc
import PosthornSystem

/// The system's own resolver: hosts file, name servers, search list, as configured on this machine.
package enum SystemLookup {
    /// At most this many addresses of a name are used.
    private static let addressLimit = 16

    /// Shortens the calling thread's patience with each name server, so that a thread is never lost for long.
    static func boundThisThread() { posthorn_bound_resolver(2, 2) }

    @Sendable package static func ask(_ host: String) -> NameAnswer {
        var hints = addrinfo()
        hints.ai_socktype = SocketKind.stream
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &list)
        defer { if list != nil { freeaddrinfo(list) } }
        if status == 0 || status == EAI_NONAME, !DescriptorBudget.isUsedUp { NameServers.resolved(host) }
        if status != 0 {
            // Without descriptors the system says that the name is unknown, or that no server answered.
            if DescriptorBudget.isUsedUp { return .noDescriptor }
            // The same is said of a server that has no answer about this name and of one that is not there.
            if status == EAI_AGAIN {
                switch NameServers.answer() {
                case true: break
                case false: return .noServer
                case nil: return .noDescriptor
                }
            }
            return .failure(String(cString: gai_strerror(status)))
        }
        var addresses: [NetworkAddress] = []
        var entry = list
        while let current = entry, addresses.count < addressLimit {
            if let raw = current.pointee.ai_addr, let address = NetworkAddress(raw), !addresses.contains(address) {
                addresses.append(address)
            }
            entry = current.pointee.ai_next
        }
        return addresses.isEmpty ? .failure("the name has no address") : .addresses(addresses)
    }
}
