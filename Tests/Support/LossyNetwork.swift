import Glibc
import PosthornSystem
import Synchronization

/// A network interface that loses packets: whatever is sent to ``far`` comes back to ``near``, or gets lost on the way.
///
/// A TUN device whose other end swaps source and destination of each packet, so both ends of a connection are on this
/// machine, with the kernel's own TCP at both. Only root can have one. (The kernel's netem would do as well where it is built.)
public final class LossyNetwork: Sendable {
    /// Where a receiver listens.
    public let near: String
    /// Where a request goes to reach it.
    public let far: String
    private let process: Ended

    /// Its end takes the interface away.
    private final class Ended: @unchecked Sendable {
        // Only read after `init`.
        let child: PipedProcess
        init(_ child: PipedProcess) { self.child = child }
    }

    private static let made = Atomic(0)

    /// From now on nothing arrives, and nobody is told.
    public func cut() { process.child.signal(SIGSTOP) }
    /// Ends that.
    public func mend() { process.child.signal(SIGCONT) }

    /// Whether this process may make network interfaces; tests that need one are skipped where not.
    public static let isAvailable: Bool = (try? LossyNetwork(lossPercent: 0)) != nil

    /// Makes it.
    /// - Parameters:
    ///   - lossPercent: How many packets of a hundred get lost, in each direction.
    ///   - seed: Which ones.
    public init(lossPercent: Int, seed: UInt64 = 1) throws {
        // A net of four addresses for each, several a process, in a range that is nobody's (RFC 2544).
        let count = Self.made.wrappingAdd(1, ordering: .relaxed).newValue & 7
        let number = (Int(getpid()) * 8 + count) & 0x3FFF
        let base = "198.19.\(number >> 6 & 0xFF)."
        near = base + "\((number & 0x3F) << 2 | 1)"
        far = base + "\((number & 0x3F) << 2 | 2)"
        let child = try PipedProcess("python3", ["-c", Self.program, "ph\(getpid())x\(count)", near, "\(lossPercent)", "\(seed)"])
        guard child.line() == "ready" else { throw SystemProblem("tun", EPERM) }
        process = Ended(child)
    }

    private static let program = """
        import fcntl, os, random, socket, struct, sys
        name, address, percent, seed = sys.argv[1].encode(), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
        tun = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", name, 0x1001))  # TUNSETIFF: IFF_TUN, IFF_NO_PI
        control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        def place(text):
            return struct.pack("16sHH4s16x", name, socket.AF_INET, 0, socket.inet_aton(text))
        fcntl.ioctl(control, 0x8916, place(address))  # SIOCSIFADDR
        fcntl.ioctl(control, 0x891C, place("255.255.255.252"))  # SIOCSIFNETMASK
        fcntl.ioctl(control, 0x8914, struct.pack("16sH22x", name, 0x41))  # SIOCSIFFLAGS: IFF_UP, IFF_RUNNING
        print("ready", flush=True)
        dice = random.Random(seed)
        while True:
            packet = bytearray(os.read(tun, 65536))
            if packet[0] >> 4 == 4 and dice.random() * 100 >= percent:
                # Both checksums are sums, so they hold for the packet the other way round as well.
                packet[12:16], packet[16:20] = packet[16:20], packet[12:16]
                os.write(tun, packet)
        """
}
