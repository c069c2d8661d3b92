import CPosthornLinux
import Glibc
import PosthornSystem
import Synchronization

/// What this machine's network is like, for people who look after it.
public enum NetworkFacts {
    /// Whether a route leads to public addresses, of whatever kind. Nothing is sent to find out.
    public static var hasRoute: Bool { !RouteWatch.waysOut().isEmpty }
}
